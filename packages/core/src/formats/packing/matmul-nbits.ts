// q = clamp(round(fround(fround(x * fround(1 / s)) + z)), 0, 2^bits - 1), halves away from zero; x = s * (q - z)
// symmetric: s = e / -2^(bits-1), e the element of largest magnitude with its sign, z = 2^(bits-1): e is code 0
// asymmetric: s = (max - min) / (2^bits - 1) of a range that holds 0, z = round(-min / s)
import { HalftoneError } from '../../errors.ts';
import { type Tensor, zeros } from '../../tensor.ts';
import { packCodes, packRows, unpackRows } from '../packed-codes.ts';

/** A matrix of weights as MatMulNBits takes it: quantized by blocks along K, stored column by column. */
export interface NBitsMatrix {
  readonly k: number;
  readonly n: number;
  readonly bits: 2 | 4 | 8;
  /** Elements of K that share a scale: a power of two of 16 or more. */
  readonly block: number;
  /** [n, blocks, block * bits / 8], low bits first; the last block is filled up with code 0. */
  readonly packed: Uint8Array;
  /** [n, blocks]; may be negative where there are no zero points. */
  readonly scale: Float32Array;
  /** [n, ceil(blocks * bits / 8)], low bits first in each row; without them each is 2^(bits - 1). */
  readonly zeroPoint: Uint8Array | undefined;
}

/** Choices of `quantizeNBits`. */
export interface NBitsOptions {
  /** Default 4. */
  readonly bits?: 2 | 4 | 8 | undefined;
  /** Default 32. */
  readonly block?: number | undefined;
  /** Without zero points, by the signed maximum; default true. */
  readonly symmetric?: boolean | undefined;
}

const { fround } = Math;

/**
 * Quantizes a [K, N] matrix by blocks of K.
 * Throws HT_SHAPE_MISMATCH for another rank, HT_INVALID_ARGUMENT for bits and blocks that MatMulNBits does not have.
 * com.microsoft MatMulNBits, with the integers of ONNX Runtime's own quantizer; numerics 4.8.
 */
export function quantizeNBits(weights: Tensor<'float32'>, options: NBitsOptions = {}): NBitsMatrix {
  const { bits = 4, block = 32, symmetric = true } = options;
  const [k, n] = matrixShape(weights);
  requireLayout(bits, block);
  const blocks = Math.ceil(k / block);
  const scale = new Float32Array(n * blocks);
  const codes = new Uint8Array(n * blocks * block);
  const zeroCodes = new Uint8Array(n * blocks);
  const top = (1 << bits) - 1;
  for (let column = 0; column < n; column++) {
    for (let b = 0; b < blocks; b++) {
      const at = column * blocks + b;
      const end = Math.min(k, (b + 1) * block);
      const element = (i: number): number => weights.data[i * n + column]!;
      let [min, max] = symmetric ? [Infinity, -Infinity] : [0, 0];
      for (let i = b * block; i < end; i++)
        [min, max] = [Math.min(min, element(i)), Math.max(max, element(i))];
      const half = 1 << (bits - 1);
      const step = symmetric
        ? fround((Math.abs(max) > Math.abs(min) ? max : min) / -half)
        : fround(fround(max - min) / top);
      const zero =
        symmetric || step === 0 ? (symmetric ? half : 0) : clamp(awayFromZero(fround(-min / step)), top);
      const reciprocal = step === 0 ? 0 : fround(1 / step);
      scale[at] = step;
      zeroCodes[at] = zero;
      for (let i = b * block; i < end; i++) {
        const t = fround(fround(element(i) * reciprocal) + zero);
        codes[at * block + (i - b * block)] = clamp(awayFromZero(t), top);
      }
    }
  }
  const packed = bits === 8 ? codes : packCodes(codes, bits);
  return {
    k,
    n,
    bits,
    block,
    packed,
    scale,
    // What the last byte has left is the default zero point, as in ONNX Runtime.
    zeroPoint: symmetric ? undefined : packRows(zeroCodes, blocks, bits, 1 << (bits - 1)),
  };
}

/** The reals of a quantized matrix, [K, N]. */
export function dequantizeNBits(matrix: NBitsMatrix): Tensor<'float32'> {
  const { k, n, bits, block, packed, scale, zeroPoint } = matrix;
  const blocks = Math.ceil(k / block);
  const codes = unpackRows(packed, n, blocks * block, bits);
  const zeroCodes = zeroPoint && unpackRows(zeroPoint, n, blocks, bits);
  const weights = zeros('float32', [k, n]);
  for (let column = 0; column < n; column++) {
    for (let i = 0; i < k; i++) {
      const b = Math.floor(i / block);
      const at = column * blocks + b;
      const zero = zeroCodes?.[at] ?? 1 << (bits - 1);
      weights.data[i * n + column] = (codes[at * block + (i % block)]! - zero) * scale[at]!;
    }
  }
  return weights;
}

function requireLayout(bits: number, block: number): void {
  const known = bits === 2 || bits === 4 || bits === 8;
  if (known && Number.isInteger(block) && block >= 16 && (block & (block - 1)) === 0) return;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `${bits} bits in blocks of ${block}: 2, 4 or 8 bits and a power of two of 16 or more are needed`,
    { bits, block },
  );
}

/** Rows and columns of a matrix. Throws HT_SHAPE_MISMATCH for another rank. */
export function matrixShape({ shape }: Tensor): readonly [rows: number, columns: number] {
  const [rows, columns] = shape;
  if (shape.length === 2 && rows !== undefined && columns !== undefined) return [rows, columns];
  throw new HalftoneError('HT_SHAPE_MISMATCH', `a matrix is needed, not [${shape.join(', ')}]`, { shape });
}

function awayFromZero(x: number): number {
  return x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5);
}

function clamp(code: number, top: number): number {
  return Math.min(Math.max(code, 0), top);
}
