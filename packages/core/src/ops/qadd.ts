// t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)); y = saturate(roundHalfEven(t))
// ra = fround(sa / sc), rb = fround(sb / sc), c0 = fround(zc - fround(fround(ra * za) + fround(rb * zb)))
// The zero point goes in BEFORE rounding: mode `ort-x86`, numerics 4.13.
import type { CodeType } from '../dtype.ts';
import { broadcastShape } from './broadcast.ts';
import type { OpDefinition } from './definition.ts';
import { checkClamp } from './requantize.ts';

export interface QAddSpec {
  readonly aShape: readonly number[];
  readonly bShape: readonly number[];
  /** One dtype for both operands and the sum. */
  readonly dtype: CodeType;
  readonly mode: 'ort-x86';
  readonly clamp?: readonly [lo: number, hi: number];
}

/** Sum of two quantized tensors with their own scales, broadcast as ONNX does; `factors` [3] is ra, rb, c0. */
export const qadd: OpDefinition<QAddSpec> = {
  name: 'qadd',
  tier: 'integer',
  check(spec) {
    broadcastShape('qadd', spec.aShape, spec.bShape);
    checkClamp('qadd', spec.dtype, spec.clamp, spec);
  },
  inputs: (spec) => ({
    a: { dtype: spec.dtype, shape: spec.aShape },
    b: { dtype: spec.dtype, shape: spec.bShape },
    factors: { dtype: 'float32', shape: [3] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: broadcastShape('qadd', spec.aShape, spec.bShape) } }),
};

/** Scale and zero point of one tensor. */
export interface ScalarParams {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** The `factors` operand of `qadd`, from the parameters of both operands and of the sum. */
export function addFactors(a: ScalarParams, b: ScalarParams, sum: ScalarParams): Float32Array {
  const { fround } = Math;
  const ra = fround(fround(a.scale) / fround(sum.scale));
  const rb = fround(fround(b.scale) / fround(sum.scale));
  const c0 = fround(sum.zeroPoint - fround(fround(ra * a.zeroPoint) + fround(rb * b.zeroPoint)));
  return Float32Array.of(ra, rb, c0);
}
