// What qadd and qmul share: their modes and the parameters of their operands.
import { fixedMultiply, type FixedMode } from '../numerics/fixed-multiply.ts';
import { tensor, type Tensor } from '../tensor.ts';
import { requireSpec } from './definition.ts';

/**
 * How two codes with scales of their own are added or multiplied: as ONNX Runtime does on x86, the zero point added before
 * rounding; as reals between DequantizeLinear and QuantizeLinear; or in fixed point.
 */
export type QBinaryMode = 'ort-x86' | 'decomposed' | FixedMode;

/** Scale and zero point of one tensor. */
export interface ScalarParams {
  readonly scale: number;
  readonly zeroPoint: number;
}

export function checkQBinaryMode(op: string, mode: QBinaryMode, spec: object): void {
  const known = mode === 'ort-x86' || mode === 'decomposed' || Object.hasOwn(fixedMultiply, mode);
  requireSpec(op, known, `no mode ${mode}`, spec);
}

/** Scale and zero point of a, b and y: the factors of mode `decomposed`. */
export function decomposedFactors(...params: readonly ScalarParams[]): Tensor<'float32'> {
  return tensor(
    'float32',
    params.flatMap(({ scale, zeroPoint }) => [scale, zeroPoint]),
  );
}
