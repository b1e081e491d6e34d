// y[i, j] = sum over k of a[i, k] * w[k, j] + bias[j],   w[k, j] = fround((code[k, j] - zeroPoint[t, j]) * scale[t, j])
// where t = floor(k / block). Three ways to compute it, each with a promise of its own; numerics 4.13:
//
// int8-block (ONNX accuracy level 4): A too becomes codes, block by block, and every step is one of these, so that the bits are
// the same everywhere:
//   absmax = largest |a[i, k]| of the block;   r = fround(127 / absmax), 0 where that is not finite
//   sa = fround(absmax / 127), NaN where absmax is infinite or NaN;   q[k] = roundHalfEven(fround(a[i, k] * r))
//   dot = sum over the block of q[k] * (code[k, j] - zeroPoint[t, j]),   an integer below 2^24
//   y = fround(y + fround(dot * fround(sa * scale[t, j]))), from y = 0 on, blocks ascending;   y = fround(y + bias[j])
//   A block of zeros, or of values so small that r overflows, adds 0; a row with a NaN or an infinity becomes NaN.
// dequant-f32: float32 sums in any order, |y - y64| <= 2^-20 * (sum |a * w| + |bias|), y64 the sum in f64.
// bf16 (level 3): operands may be rounded to bfloat16, |y - y64| <= 2^-7 * (sum |a * w| + |bias|).
import { type AnyCodeType, codeRange, heldAs } from '../dtype.ts';
import { unpackRows } from '../formats/packed-codes.ts';
import type { Tensor } from '../tensor.ts';
import { type ErrorBound, isExtent, type OpDefinition, requireShape, requireSpec } from './definition.ts';

export type BlockComputation = 'int8-block' | 'dequant-f32' | 'bf16';

export interface BlockGemmSpec {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** The codes of B; in layout nbits they are unsigned. */
  readonly b: 'int4' | 'uint4' | 'int8' | 'uint8';
  /** Elements of K that share a scale and a zero point: 16, 32, 64, 128 or 256. The last block may be short. */
  readonly block: number;
  /**
   * nbits: as com.microsoft MatMulNBits has them, b [n, blocks, block * bits / 8], scale [n, blocks] and zeroPoint
   * [n, ceil(blocks * bits / 8)], codes and zero points packed, low bits first.
   * rows: as DequantizeLinear with blocks along axis 0 has them, b [k, n], scale and zeroPoint [blocks, n], one code in an
   * element; of those of 4 bits the low ones count.
   */
  readonly layout: 'nbits' | 'rows';
  readonly bias: boolean;
  readonly computation: BlockComputation;
}

const blocks: readonly number[] = [16, 32, 64, 128, 256];

/**
 * Float32 matrix A [m, k] by weights that are quantized in blocks along k; scales are finite and may be negative.
 * ONNX Runtime MatMulNBits; DequantizeLinear with block_size, then MatMul.
 */
export const blockGemm: OpDefinition<BlockGemmSpec> = {
  name: 'blockGemm',
  tier: 'integer',
  packable: ['b', 'scale', 'zeroPoint'],
  check(spec) {
    requireShape('blockGemm', [spec.m, spec.n, spec.k].every(isExtent), 'm, n and k are integers >= 0', spec);
    requireSpec('blockGemm', blocks.includes(spec.block), `block is one of ${blocks.join(', ')}`, spec);
    const types = spec.layout === 'nbits' ? ['uint4', 'uint8'] : ['int4', 'uint4', 'int8', 'uint8'];
    requireSpec(
      'blockGemm',
      spec.layout === 'nbits' || spec.layout === 'rows',
      'layout is nbits or rows',
      spec,
    );
    requireSpec(
      'blockGemm',
      types.includes(spec.b),
      `b is one of ${types.join(', ')} in layout ${spec.layout}`,
      spec,
    );
    requireSpec(
      'blockGemm',
      Object.hasOwn(errorParts, spec.computation),
      `computation is one of ${Object.keys(errorParts).join(', ')}`,
      spec,
    );
  },
  inputs(spec) {
    const { m, n, k, block } = spec;
    const count = Math.ceil(k / block);
    const bits = bitsOf(spec);
    const dtype = heldAs(spec.b);
    const [b, scale, zeroPoint] =
      spec.layout === 'nbits'
        ? [
            [n, count, (block * bits) / 8],
            [n, count],
            [n, Math.ceil((count * bits) / 8)],
          ]
        : [
            [k, n],
            [count, n],
            [count, n],
          ];
    return {
      a: { dtype: 'float32', shape: [m, k] },
      b: { dtype, shape: b! },
      scale: { dtype: 'float32', shape: scale! },
      zeroPoint: { dtype, shape: zeroPoint! },
      ...(spec.bias ? { bias: { dtype: 'float32', shape: [n] } } : {}),
    };
  },
  outputs: ({ m, n }) => ({ y: { dtype: 'float32', shape: [m, n] } }),
  errorBound(spec): ErrorBound | undefined {
    const part = errorParts[spec.computation];
    return part === undefined ? undefined : { part, magnitudes: (io) => ({ y: magnitudes(spec, io) }) };
  },
};

/** How far results may be from the sum in f64, as a part of the sum of magnitudes; undefined where every bit is given. */
const errorParts: Readonly<Record<BlockComputation, number | undefined>> = {
  'int8-block': undefined,
  'dequant-f32': 1 / 1048576,
  bf16: 1 / 128,
};

function bitsOf({ b }: BlockGemmSpec): 4 | 8 {
  return b === 'int4' || b === 'uint4' ? 4 : 8;
}

/** Weights of `blockGemm`, taken apart. */
export interface BlockWeights {
  /** Code minus zero point, [n, k]. */
  readonly centred: Int16Array;
  /** [n, ceil(k / block)]. */
  readonly scale: Float32Array;
}

/** Takes the weights of `blockGemm` apart, whatever their layout. */
export function blockWeights(spec: BlockGemmSpec, io: Readonly<Record<string, Tensor>>): BlockWeights {
  const { n, k, block } = spec;
  const count = Math.ceil(k / block);
  const [codes, zeros, scales] = ['b', 'zeroPoint', 'scale'].map((name) => io[name]!.data);
  const centred = new Int16Array(n * k);
  const scale = new Float32Array(n * count);
  const code = elements(spec, codes as Int8Array, count * block);
  const zero = elements(spec, zeros as Int8Array, count);
  for (let j = 0; j < n; j++) {
    for (let t = 0; t < count; t++)
      scale[j * count + t] = (scales as Float32Array)[spec.layout === 'nbits' ? j * count + t : t * n + j]!;
    for (let i = 0; i < k; i++) centred[j * k + i] = code(i, j) - zero(Math.floor(i / block), j);
  }
  return { centred, scale };
}

/** Codes by row and column of a matrix; packed ones have `width` codes a column. */
function elements(
  spec: BlockGemmSpec,
  data: Int8Array | Uint8Array,
  width: number,
): (row: number, column: number) => number {
  const { n, layout, b } = spec;
  const bits = bitsOf(spec);
  if (layout === 'nbits') {
    const codes = unpackRows(data as Uint8Array, n, width, bits);
    return (row, column) => codes[column * width + row]!;
  }
  const unused = 32 - bits;
  const signed = codeRange(b as AnyCodeType)[0] < 0;
  return (row, column) => {
    const high = data[row * n + column]! << unused;
    return signed ? high >> unused : high >>> unused;
  };
}

/** sum |a * w| + |bias| of each element of y. */
function magnitudes(spec: BlockGemmSpec, io: Readonly<Record<string, Tensor>>): Float64Array {
  const { m, n, k, block } = spec;
  const { centred, scale } = blockWeights(spec, io);
  const count = Math.ceil(k / block);
  const a = io['a']!.data as Float32Array;
  const bias = io['bias']?.data as Float32Array | undefined;
  const sums = new Float64Array(m * n);
  for (let j = 0; j < n; j++) {
    const column = Float64Array.from({ length: k }, (_, i) =>
      Math.abs(Math.fround(centred[j * k + i]! * scale[j * count + Math.floor(i / block)]!)),
    );
    for (let i = 0; i < m; i++) {
      let sum = Math.abs(bias?.[j] ?? 0);
      for (let e = 0; e < k; e++) sum += Math.abs(a[i * k + e]!) * column[e]!;
      sums[i * n + j] = sum;
    }
  }
  return sums;
}
