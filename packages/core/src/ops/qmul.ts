// ort-x86: t = fround(fround(acc * m) + zy); y = saturate(roundHalfEven(t)), acc = (a - za) * (b - zb)
//   m = fround(fround(sa * sb) / sy). The zero point goes in BEFORE rounding, and may round the product to a tie.
// decomposed: both dequantized, multiplied in float32, quantized: the zero point goes in after rounding.
// fixed: y = saturate(acc times sa * sb / sy in the mode + zy)
import type { CodeType } from '../dtype.ts';
import { requantizeFactors, requantizeMultiplier } from '../numerics/requantize.ts';
import { tensor, type Tensor, type TensorDesc } from '../tensor.ts';
import { broadcastShape } from './broadcast.ts';
import type { OpDefinition } from './definition.ts';
import { checkQBinaryMode, decomposedFactors, type QBinaryMode, type ScalarParams } from './qbinary.ts';
import { checkClamp } from './requantize.ts';

export interface QMulSpec {
  readonly aShape: readonly number[];
  readonly bShape: readonly number[];
  /** One dtype for both operands and the product. */
  readonly dtype: CodeType;
  readonly mode: QBinaryMode;
  readonly clamp?: readonly [lo: number, hi: number];
}

/**
 * Product of two quantized tensors, broadcast as ONNX does; `factors` are those of `mulFactors`.
 * Mode ort-x86 as ONNX Runtime's QLinearMul, over all pairs of codes.
 */
export const qmul: OpDefinition<QMulSpec> = {
  name: 'qmul',
  tier: 'integer',
  check(spec) {
    broadcastShape('qmul', spec.aShape, spec.bShape);
    checkQBinaryMode('qmul', spec.mode, spec);
    checkClamp('qmul', spec.dtype, spec.clamp, spec);
  },
  inputs: (spec) => ({
    a: { dtype: spec.dtype, shape: spec.aShape },
    b: { dtype: spec.dtype, shape: spec.bShape },
    factors: mulFactorsDesc(spec.mode),
  }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: broadcastShape('qmul', spec.aShape, spec.bShape) } }),
};

/** What `mulFactors` gives. */
export function mulFactorsDesc(mode: QBinaryMode): TensorDesc<'float32' | 'int32'> {
  if (mode === 'ort-x86') return { dtype: 'float32', shape: [4] };
  return mode === 'decomposed' ? { dtype: 'float32', shape: [6] } : { dtype: 'int32', shape: [5] };
}

/**
 * The `factors` operand of `qmul`, from the parameters of both operands and of the product. ort-x86: the zero points of a,
 * b and y, then m. decomposed: scale and zero point of a, b and y. Fixed modes: the zero points, then multiplier and shift.
 */
export function mulFactors(
  mode: QBinaryMode,
  a: ScalarParams,
  b: ScalarParams,
  product: ScalarParams,
): Tensor {
  if (mode === 'decomposed') return decomposedFactors(a, b, product);
  const zeros = [a, b, product].map(({ zeroPoint }) => zeroPoint);
  if (mode === 'ort-x86')
    return tensor('float32', [...zeros, requantizeMultiplier(a.scale, b.scale, product.scale)[0]!]);
  const { multiplier, shift } = requantizeFactors(mode, a.scale, b.scale, product.scale);
  return tensor('int32', [...zeros, multiplier[0]!, shift![0]!]);
}
