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
