// sum, mean, prod, l1, l2, sumSquare, logSum, logSumExp: in f64 in ascending order of memory, rounded to float32 once
import type { DType } from '../dtype.ts';
import { isExtent, type OpDefinition, requireShape, requireSpec } from './definition.ts';

/** What becomes of the elements along the reduced axes. */
export type Reduction =
  | 'l1'
  | 'l2'
  | 'logSum'
  | 'logSumExp'
  | 'max'
  | 'mean'
  | 'min'
  | 'prod'
  | 'sum'
  | 'sumSquare';

const reductions: readonly Reduction[] = [
  'l1',
  'l2',
  'logSum',
  'logSumExp',
  'max',
  'mean',
  'min',
  'prod',
  'sum',
  'sumSquare',
];

export interface ReduceSpec {
  readonly function: Reduction;
  readonly shape: readonly number[];
  /** In ascending order; they are kept with one element. */
  readonly axes: readonly number[];
}

/**
 * Reduction along axes. Nothing to reduce gives the neutral element: 0 for sums, 1 for prod, -Infinity for max and for
 * logarithms, Infinity for min, NaN for mean; max and min give NaN where one is. ONNX ReduceSum, ReduceMean and their kin.
 */
export const reduce: OpDefinition<ReduceSpec> = {
  name: 'reduce',
  tier: 'float',
  check(spec) {
    requireSpec('reduce', reductions.includes(spec.function), `no reduction ${spec.function}`, spec);
    const ascending = spec.axes.every((axis, i) => i === 0 || axis > spec.axes[i - 1]!);
    const inside = spec.axes.every((axis) => isExtent(axis) && axis < spec.shape.length);
    requireShape('reduce', ascending && inside, 'axes are different axes of the shape, ascending', spec);
  },
  inputs: (spec) => ({ x: { dtype: 'float32', shape: spec.shape } }),
  outputs: (spec) => ({
    y: { dtype: 'float32', shape: spec.shape.map((extent, axis) => (spec.axes.includes(axis) ? 1 : extent)) },
  }),
};

export interface ArgExtremeSpec {
  readonly largest: boolean;
  /** Of equal elements the last instead of the first. */
  readonly selectLast: boolean;
  readonly dtype: Exclude<DType, 'bool'>;
  /** The tensor seen as [outer, extent, inner]; the index is that along the middle. */
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
}

/** Index of the largest or smallest element along an axis; a NaN never is one, unless it comes first. ONNX ArgMax, ArgMin. */
export const argExtreme: OpDefinition<ArgExtremeSpec> = {
  name: 'argExtreme',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'argExtreme',
      [spec.outer, spec.extent, spec.inner].every(isExtent) && spec.extent > 0,
      'outer and inner are integers >= 0, extent is above 0',
      spec,
    ),
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: [spec.outer, spec.extent, spec.inner] } }),
  outputs: (spec) => ({ y: { dtype: 'int64', shape: [spec.outer, 1, spec.inner] } }),
};
