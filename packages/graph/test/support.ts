import {
  type Backend,
  type BackendProvider,
  type CompileSteps,
  type HostKernel,
  hostBackend,
  isHalftoneError,
  type NumericClass,
  openBackend,
  type OpName,
  opNames,
  type Region,
  type Tensor,
  tensor,
  transposeTensor,
  zeros,
} from '@halftone/core';
import { constantOf } from '../src/ir.ts';
import type { Graph, Node, SymbolicShape, ValueInfo } from '../src/ir.ts';

export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (isHalftoneError(error)) return error.code;
    throw error;
  }
  return 'none';
}

export function info(
  name: string,
  shape: SymbolicShape | undefined,
  elementType: ValueInfo['elementType'] = 'float32',
): ValueInfo {
  return { name, elementType, shape };
}

/** A graph of nodes; outputs are named, their types left to inference. */
export function graphOf(
  inputs: readonly ValueInfo[],
  nodes: readonly Node[],
  outputs: readonly string[],
  constants: Readonly<Record<string, Tensor>> = {},
): Graph {
  return {
    name: 'test',
    opset: 17,
    domains: new Map([['com.microsoft', 1]]),
    inputs,
    outputs: outputs.map((name) => info(name, undefined)),
    nodes,
    constants: new Map(Object.entries(constants).map(([name, value]) => [name, constantOf(name, value)])),
    values: new Map(),
  };
}

export function floats(shape: readonly number[], from = 0): Tensor<'float32'> {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return tensor(
    'float32',
    Float32Array.from({ length: size }, (_, i) => from + i),
    shape,
  );
}

export function int64(...values: number[]): Tensor<'int64'> {
  return tensor('int64', values.map(BigInt), [values.length]);
}

/** A backend that takes every op, or those that `takes` names, and computes nothing. */
export function nullBackend(
  name: string,
  takes: (op: OpName) => boolean = () => true,
  numericClass: NumericClass = 'exact',
): BackendProvider {
  const ops = Object.fromEntries(
    opNames.map((op) => [op, { run: () => {}, supports: () => takes(op) || { reason: `no ${op} here` } }]),
  );
  return hostBackend({ name, device: 'none', numericClass: () => numericClass, ops });
}

/** A backend that really computes a few float ops, as plainly as can be. */
export function tinyBackend(
  name: string,
  ops: readonly OpName[],
  fail?: () => boolean,
  compile?: CompileSteps<HostKernel>,
): BackendProvider {
  const all = {
    binary: (spec: { function: string }, io: Readonly<Record<string, Tensor>>) => {
      if (fail?.()) throw new Error('the kernel broke');
      const [a, b, y] = ['a', 'b', 'y'].map((operand) => io[operand]!.data as Float32Array) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      for (let i = 0; i < y.length; i++) {
        const [p, q] = [a[i % a.length]!, b[i % b.length]!];
        y[i] =
          spec.function === 'add'
            ? p + q
            : spec.function === 'mul'
              ? p * q
              : spec.function === 'sub'
                ? p - q
                : p / q;
      }
    },
    unary: (spec: { clamp?: readonly [number, number] }, io: Readonly<Record<string, Tensor>>) => {
      const [lo, hi] = spec.clamp!;
      const y = io['y']!.data as Float32Array;
      (io['x']!.data as Float32Array).forEach((v, i) => {
        y[i] = Math.min(hi, Math.max(lo, v));
      });
    },
    transpose: (
      spec: { shape: readonly number[]; perm: readonly number[] },
      io: Readonly<Record<string, Tensor>>,
    ) => {
      const x = { ...io['x']!, shape: spec.shape };
      (io['y']!.data as Float32Array).set(transposeTensor(x, spec.perm).data as Float32Array);
    },
  };
  const chosen = Object.fromEntries(Object.entries(all).filter(([op]) => ops.includes(op as OpName)));
  return hostBackend({
    name,
    device: 'test',
    numericClass: () => 'f32-ieee',
    ops: chosen as never,
    ...(compile ? { compile } : {}),
  });
}

/** Runs the steps of a region in one loop; `made` sees each region, `later` makes it answer with a promise. */
export function inOneLoop(made: (region: Region) => void, later = false): CompileSteps<HostKernel> {
  return (region, steps) => {
    made(region);
    return {
      variant: 'loop',
      run(inputs) {
        const values = region.values.map(({ dtype, shape }) => zeros(dtype, shape));
        for (const [i, value] of region.inputs.entries()) values[value] = inputs[i]!;
        for (const { kernel, inputs: operands, outputs } of steps) {
          const io = Object.entries({ ...operands, ...outputs }).map(([name, operand]) => [
            name,
            typeof operand === 'number' ? values[operand]! : operand,
          ]);
          kernel.run(Object.fromEntries(io));
        }
        const results = region.outputs.map((value) => values[value]!);
        return later ? Promise.resolve(results) : results;
      },
      dispose() {},
    };
  };
}

export async function open(...providers: BackendProvider[]): Promise<Backend[]> {
  const backends: Backend[] = [];
  for (const provider of providers) backends.push(await openBackend(provider));
  return backends;
}
