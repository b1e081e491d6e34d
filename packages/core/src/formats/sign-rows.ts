// Rows of signs as `bgemm` takes them: bit = 1 where x < 0, low bits first, each row in whole bytes that end in bits of 0.
import { HalftoneError } from '../errors.ts';
import type { Tensor } from '../tensor.ts';
import { packRows, unpackRows } from './packed-codes.ts';

function requireMatrix(shape: readonly number[], width: number): void {
  if (shape.length === 2 && shape[1] === width) return;
  throw new HalftoneError(
    'HT_SHAPE_MISMATCH',
    `a matrix with rows of ${width} is needed, [${shape.join(', ')}] is given`,
    { shape, width },
  );
}

/**
 * The signs of a matrix [m, k] as bits [m, ceil(k / 8)]: 1 where an element is below 0; zeros of both signs, and NaN, are +1.
 * Throws HT_SHAPE_MISMATCH for a tensor that is no matrix.
 */
export function packSigns(x: Tensor<'float32'> | Tensor<'int8'> | Tensor<'int32'>): Tensor<'uint8'> {
  const [m = 0, k = 0] = x.shape;
  requireMatrix(x.shape, k);
  const bits = Uint8Array.from(x.data, (value) => (value < 0 ? 1 : 0));
  return { dtype: 'uint8', shape: [m, Math.ceil(k / 8)], data: packRows(bits, k, 1, 0) };
}

/**
 * What `packSigns` packed, as -1 and 1: rows of k signs of bits [m, ceil(k / 8)].
 * Throws HT_SHAPE_MISMATCH where rows of bits are not as long as k signs need.
 */
export function unpackSigns(bits: Tensor<'uint8'>, k: number): Tensor<'int8'> {
  const [m = 0] = bits.shape;
  requireMatrix(bits.shape, Math.ceil(k / 8));
  const data = Int8Array.from(unpackRows(bits.data, m, k, 1), (bit) => 1 - 2 * bit);
  return { dtype: 'int8', shape: [m, k], data };
}
