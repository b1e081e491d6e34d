import {
  byteSize,
  catalogue,
  type OpDefinition,
  type OpName,
  type OpSpecs,
  windowOutput,
} from '@halftone/core';
import type { Case } from '@halftone/conformance';

/** What an op has to do at least, whoever does it. */
export interface Work {
  /** Multiplications and additions of a product; 0 of ops that only pass over their elements. */
  readonly operations: number;
  /** Bytes of all operands and results, each moved once. */
  readonly bytes: number;
}

/** Multiplications of the ops that are products. */
const products: { readonly [O in OpName]?: (spec: OpSpecs[O]) => number } = {
  qgemm: ({ batch, m, n, k }) => batch * m * n * k,
  bgemm: ({ m, n, k }) => m * n * k,
  blockGemm: ({ m, n, k }) => m * n * k,
  gemm: ({ batch, m, n, k }) => batch * m * n * k,
  qconv2d: convolution,
  conv2d: convolution,
};

type Convolution = OpSpecs['qconv2d'] | OpSpecs['conv2d'];

function convolution(spec: Convolution): number {
  const [h, w] = windowOutput(spec);
  const [kh, kw] = spec.kernel;
  return (spec.n * h * w * spec.o * kh * kw * spec.c) / spec.groups;
}

/** The work of a case. */
export function workOf({ op, spec }: Case): Work {
  const definition = catalogue[op] as OpDefinition<Case['spec']>;
  const moved = [...Object.values(definition.inputs(spec)), ...Object.values(definition.outputs(spec))];
  const multiplications = (products[op] as ((spec: Case['spec']) => number) | undefined)?.(spec) ?? 0;
  return { operations: 2 * multiplications, bytes: moved.reduce((sum, desc) => sum + byteSize(desc), 0) };
}
