// x = scale * (q - z), a scale and a zero point for each block along a row; rows are padded to whole bytes, low bits first
import { HalftoneError } from '../../errors.ts';
import { quantizeTensor } from '../../numerics/quantize.ts';
import { type Tensor, zeros } from '../../tensor.ts';
import { packRows, unpackRows } from '../packed-codes.ts';
import { matrixShape } from './matmul-nbits.ts';

/** A table of rows, such as an embedding, as GatherBlockQuantized takes it in uint8. */
export interface GatherTable {
  readonly rows: number;
  readonly width: number;
  readonly bits: 4 | 8;
  /** Elements of a row that share a scale: a power of two of 16 or more. */
  readonly block: number;
  /** [rows, ceil(width * bits / 8)]. */
  readonly packed: Uint8Array;
  /** [rows, blocks]. */
  readonly scale: Float32Array;
  /** [rows, ceil(blocks * bits / 8)]; without them each is 2^(bits - 1). */
  readonly zeroPoint: Uint8Array | undefined;
}

/**
 * Quantizes a [rows, width] table by blocks of each row; without zero points where `symmetric` is set, which is the default.
 * Throws HT_SHAPE_MISMATCH for another rank, HT_INVALID_ARGUMENT for other bits (4 by default, or 8) and blocks (default 32).
 * com.microsoft GatherBlockQuantized, quantize_axis 1; numerics 4.8.
 */
export function quantizeGather(
  table: Tensor<'float32'>,
  options: {
    readonly bits?: 4 | 8 | undefined;
    readonly block?: number | undefined;
    readonly symmetric?: boolean | undefined;
  } = {},
): GatherTable {
  const { bits = 4, block = 32, symmetric = true } = options;
  const [rows, width] = matrixShape(table);
  if ((bits !== 4 && bits !== 8) || !Number.isInteger(block) || block < 16 || (block & (block - 1)) !== 0) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `${bits} bits in blocks of ${block}: 4 or 8 bits and a power of two of 16 or more are needed`,
      { bits, block },
    );
  }
  const dtype = bits === 4 ? 'uint4' : 'uint8';
  const half = 1 << (bits - 1);
  const granularity = { axis: 1, block };
  const found = quantizeTensor(table, {
    dtype,
    scheme: symmetric ? 'symmetric' : 'asymmetric',
    granularity,
  });
  // Without zero points a block of zeros has that of all others too.
  const { codes, scale, zeroPoint } = symmetric
    ? quantizeTensor(table, { dtype, granularity, scale: found.scale, zeroPoint: half })
    : found;
  return {
    rows,
    width,
    bits,
    block,
    packed: packRows(codes.data, width, bits, 0),
    scale,
    zeroPoint: symmetric ? undefined : packRows(zeroPoint!, Math.ceil(width / block), bits, half),
  };
}

/** The reals of a quantized table, [rows, width]. */
export function dequantizeGather(table: GatherTable): Tensor<'float32'> {
  const { rows, width, bits, block, packed, scale, zeroPoint } = table;
  const blocks = Math.ceil(width / block);
  const codes = unpackRows(packed, rows, width, bits);
  const zeroCodes = zeroPoint && unpackRows(zeroPoint, rows, blocks, bits);
  const reals = zeros('float32', [rows, width]);
  codes.forEach((code, i) => {
    const at = Math.floor(i / width) * blocks + Math.floor((i % width) / block);
    reals.data[i] = (code - (zeroCodes?.[at] ?? 1 << (bits - 1))) * scale[at]!;
  });
  return reals;
}
