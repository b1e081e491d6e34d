// ort-x86: t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)); y = saturate(roundHalfEven(t))
//   ra = fround(sa / sc), rb = fround(sb / sc), c0 = fround(zc - fround(fround(ra * za) + fround(rb * zb)))
//   The zero point goes in BEFORE rounding. Numerics 4.13.
// decomposed: both dequantized, added in float32, quantized: the zero point goes in after rounding.
// fixed: each operand as a multiple of sc2 = 2 * max(sa, sb) / 2^20, the sum times sc2 / sc; TensorFlow Lite's 8-bit ADD.
import type { CodeType } from '../dtype.ts';
import { decompose } from '../numerics/q31.ts';
import { tensor, type Tensor, type TensorDesc } from '../tensor.ts';
import { broadcastShape } from './broadcast.ts';
import type { OpDefinition } from './definition.ts';
import { checkQBinaryMode, decomposedFactors, type QBinaryMode, type ScalarParams } from './qbinary.ts';
import { checkClamp } from './requantize.ts';

export interface QAddSpec {
  readonly aShape: readonly number[];
  readonly bShape: readonly number[];
  /** One dtype for both operands and the sum. */
  readonly dtype: CodeType;
  readonly mode: QBinaryMode;
  readonly clamp?: readonly [lo: number, hi: number];
}

/** Bits by which the fixed modes shift codes to the left before they scale them. */
export const ADD_SHIFT = 20;

/** Sum of two quantized tensors with their own scales, broadcast as ONNX does; `factors` are those of `addFactors`. */
export const qadd: OpDefinition<QAddSpec> = {
  name: 'qadd',
  tier: 'integer',
  check(spec) {
    broadcastShape('qadd', spec.aShape, spec.bShape);
    checkQBinaryMode('qadd', spec.mode, spec);
    checkClamp('qadd', spec.dtype, spec.clamp, spec);
  },
  inputs: (spec) => ({
    a: { dtype: spec.dtype, shape: spec.aShape },
    b: { dtype: spec.dtype, shape: spec.bShape },
    factors: addFactorsDesc(spec.mode),
  }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: broadcastShape('qadd', spec.aShape, spec.bShape) } }),
};

/** What `addFactors` gives. */
export function addFactorsDesc(mode: QBinaryMode): TensorDesc<'float32' | 'int32'> {
  if (mode === 'ort-x86') return { dtype: 'float32', shape: [3] };
  return mode === 'decomposed' ? { dtype: 'float32', shape: [6] } : { dtype: 'int32', shape: [9] };
}

/**
 * The `factors` operand of `qadd`, from the parameters of both operands and of the sum. ort-x86: ra, rb, c0. decomposed:
 * scale and zero point of a, b and y. Fixed modes: the zero points of a, b and y, then multiplier and shift of a, b and y.
 */
export function addFactors(mode: QBinaryMode, a: ScalarParams, b: ScalarParams, sum: ScalarParams): Tensor {
  const { fround } = Math;
  if (mode === 'decomposed') return decomposedFactors(a, b, sum);
  if (mode !== 'ort-x86') return fixedFactors(a, b, sum);
  const ra = fround(fround(a.scale) / fround(sum.scale));
  const rb = fround(fround(b.scale) / fround(sum.scale));
  const c0 = fround(sum.zeroPoint - fround(fround(ra * a.zeroPoint) + fround(rb * b.zeroPoint)));
  return tensor('float32', [ra, rb, c0]);
}

function fixedFactors(a: ScalarParams, b: ScalarParams, sum: ScalarParams): Tensor {
  const twice = 2 * Math.max(a.scale, b.scale);
  const pairs = [a.scale / twice, b.scale / twice, twice / ((1 << ADD_SHIFT) * sum.scale)].map(decompose);
  const zeros = [a, b, sum].map(({ zeroPoint }) => zeroPoint);
  return tensor('int32', [...zeros, ...pairs.flatMap(({ multiplier, shift }) => [multiplier, shift])]);
}
