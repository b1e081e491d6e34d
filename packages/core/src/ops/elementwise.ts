import type { DType } from '../dtype.ts';
import { type UnaryFunction, unaryFunctions } from '../numerics/functions.ts';
import { checkFloatClamp, type FloatClamp } from './conv2d.ts';
import { isExtent, type OpDefinition, requireShape, requireSpec } from './definition.ts';

export type UnarySpec =
  | { readonly function: 'clamp'; readonly shape: readonly number[]; readonly clamp: FloatClamp }
  | {
      readonly function: UnaryFunction;
      readonly shape: readonly number[];
      /** Of the functions that have them, as `unaryFunctions` says; default 0. */
      readonly alpha?: number;
      readonly beta?: number;
    };

/** A float function of each element: one of `unaryFunctions`, in f64, rounded to f32 once. */
export const unary: OpDefinition<UnarySpec> = {
  name: 'unary',
  tier: 'float',
  check(spec) {
    if (spec.function === 'clamp') checkFloatClamp('unary', spec.clamp, spec);
    else
      requireSpec(
        'unary',
        Object.hasOwn(unaryFunctions, spec.function),
        `no function ${spec.function}`,
        spec,
      );
  },
  inputs: (spec) => ({ x: { dtype: 'float32', shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: spec.shape } }),
};

export interface SoftmaxSpec {
  /** The tensor seen as [outer, extent, inner]; the softmax runs along the middle. */
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  /** The logarithm of it: x - max - log(sum). */
  readonly logarithm?: boolean;
}

/** y = exp(x - max) / sum, exp and sum in f64 in ascending order, rounded to f32 once. ONNX Softmax, LogSoftmax. */
export const softmax: OpDefinition<SoftmaxSpec> = {
  name: 'softmax',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'softmax',
      [spec.outer, spec.extent, spec.inner].every(isExtent),
      'outer, extent and inner are integers >= 0',
      spec,
    ),
  inputs: (spec) => ({ x: { dtype: 'float32', shape: [spec.outer, spec.extent, spec.inner] } }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: [spec.outer, spec.extent, spec.inner] } }),
};

export interface CastSpec {
  readonly shape: readonly number[];
  readonly from: DType;
  readonly to: DType;
}

/**
 * Conversion of elements: integers to float32 round to nearest even; float32 to integers truncates and saturates, NaN
 * gives 0; integers to narrower ones keep the low bits; bool is whether the element is not 0. ONNX Cast, which leaves
 * floats past an integer's range open.
 */
export const cast: OpDefinition<CastSpec> = {
  name: 'cast',
  tier: 'float',
  check: (spec) => requireSpec('cast', spec.from !== spec.to, 'from and to differ', spec),
  inputs: (spec) => ({ x: { dtype: spec.from, shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: spec.shape } }),
};

export interface TransposeSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Axis i of the result is axis perm[i] of x. */
  readonly perm: readonly number[];
}

/** Permutation of axes. ONNX Transpose. */
export const transpose: OpDefinition<TransposeSpec> = {
  name: 'transpose',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'transpose',
      spec.perm.length === spec.shape.length && spec.shape.every((_, axis) => spec.perm.includes(axis)),
      'perm is a permutation of the axes',
      spec,
    ),
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: spec.perm.map((axis) => spec.shape[axis]!) } }),
};

export interface ConcatSpec {
  readonly dtype: DType;
  /** Each operand seen as [outer, extents[i]]: what lies at and below the axis is one run. */
  readonly outer: number;
  readonly extents: readonly number[];
}

/** Operands x0, x1, … one after the other along an axis. ONNX Concat. */
export const concat: OpDefinition<ConcatSpec> = {
  name: 'concat',
  tier: 'float',
  check(spec) {
    requireSpec('concat', spec.extents.length > 0, 'there is at least one operand', spec);
    requireShape(
      'concat',
      [spec.outer, ...spec.extents].every(isExtent),
      'outer and extents are integers >= 0',
      spec,
    );
  },
  inputs: (spec) =>
    Object.fromEntries(
      spec.extents.map((extent, i) => [`x${i}`, { dtype: spec.dtype, shape: [spec.outer, extent] }]),
    ),
  outputs: (spec) => ({
    y: { dtype: spec.dtype, shape: [spec.outer, spec.extents.reduce((sum, extent) => sum + extent, 0)] },
  }),
};
