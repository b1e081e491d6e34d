// code = the nearest of 16 levels to x / absmax; two codes a byte, the first in the HIGH bits; blocks of the flat [N, K] order
import { HalftoneError } from '../../errors.ts';
import { type Tensor, zeros } from '../../tensor.ts';
import { matrixShape } from './matmul-nbits.ts';

/** Which 16 levels the codes stand for: normal float, whose levels are quantiles of a normal distribution, or 4-bit float. */
export type Bnb4Type = 'nf4' | 'fp4';

// QLoRA (Dettmers 2023), appendix E; bitsandbytes. Numerics 4.8.
const levels: { readonly [T in Bnb4Type]: Float32Array } = {
  nf4: Float32Array.of(
    -1,
    -0.6961928009986877,
    -0.5250730514526367,
    -0.39491748809814453,
    -0.28444138169288635,
    -0.18477343022823334,
    -0.09105003625154495,
    0,
    0.07958029955625534,
    0.16093020141124725,
    0.24611230194568634,
    0.33791524171829224,
    0.44070982933044434,
    0.5626170039176941,
    0.7229568362236023,
    1,
  ),
  fp4: Float32Array.from({ length: 16 }, (_, code) => {
    const positive = [0, 0.005208333, 0.66666669, 1, 0.33333334, 0.5, 0.16666667, 0.25][code & 7]!;
    return code > 8 ? -positive : positive;
  }),
};

/** A matrix of weights as MatMulBnb4 takes it. */
export interface Bnb4Matrix {
  readonly k: number;
  readonly n: number;
  readonly type: Bnb4Type;
  /** Elements of the flat order that share a scale. */
  readonly block: number;
  readonly packed: Uint8Array;
  /** Largest magnitude of each block. */
  readonly absmax: Float32Array;
}

/**
 * Quantizes a [K, N] matrix to 4-bit levels; between two levels that are as near it takes the lower one, of fp4 the smaller.
 * Throws HT_SHAPE_MISMATCH for another rank, HT_INVALID_ARGUMENT for a block that is no positive integer.
 * com.microsoft MatMulBnb4.
 */
export function quantizeBnb4(
  weights: Tensor<'float32'>,
  options: { readonly type?: Bnb4Type | undefined; readonly block?: number | undefined } = {},
): Bnb4Matrix {
  const { type = 'nf4', block = 64 } = options;
  const [k, n] = matrixShape(weights);
  if (!Number.isInteger(block) || block < 1)
    throw new HalftoneError('HT_INVALID_ARGUMENT', `block ${block}: an integer above 0 is needed`, { block });
  const count = k * n;
  const flat = Float32Array.from({ length: count }, (_, i) => weights.data[(i % k) * n + Math.floor(i / k)]!);
  const absmax = new Float32Array(Math.ceil(count / block));
  flat.forEach((x, i) => {
    const b = Math.floor(i / block);
    absmax[b] = Math.max(absmax[b]!, Math.abs(x));
  });
  const packed = new Uint8Array(Math.ceil(count / 2));
  flat.forEach((x, i) => {
    const scale = absmax[Math.floor(i / block)]!;
    const code = codeOf(type, scale > 0 ? Math.fround(x * Math.fround(1 / scale)) : 0);
    packed[i >> 1] = packed[i >> 1]! | (code << (i % 2 === 0 ? 4 : 0));
  });
  return { k, n, type, block, packed, absmax };
}

/** The reals of a quantized matrix, [K, N]. */
export function dequantizeBnb4({ k, n, type, block, packed, absmax }: Bnb4Matrix): Tensor<'float32'> {
  const weights = zeros('float32', [k, n]);
  for (let i = 0; i < k * n; i++) {
    const byte = packed[i >> 1]!;
    const level = levels[type][i % 2 === 0 ? byte >> 4 : byte & 15]!;
    weights.data[(i % k) * n + Math.floor(i / k)] = level * absmax[Math.floor(i / block)]!;
  }
  return weights;
}

/** Codes of fp4 in ascending order of their level; the top bit is the sign. */
const FP4_ORDER = [0, 1, 6, 7, 4, 5, 2, 3];
const NF4_ORDER = Array.from({ length: 16 }, (_, code) => code);

function codeOf(type: Bnb4Type, x: number): number {
  if (type === 'nf4') return nearest(levels.nf4, NF4_ORDER, x);
  return nearest(levels.fp4, FP4_ORDER, Math.abs(x)) | (x < 0 ? 8 : 0);
}

function nearest(values: Float32Array, order: readonly number[], x: number): number {
  let best = order[0]!;
  for (const code of order) if (Math.abs(values[code]! - x) < Math.abs(values[best]! - x)) best = code;
  return best;
}
