// Mistakes in quantize, and in the step from sums to codes of every op that ends with it.
import {
  axisLayout,
  codeRange,
  forEachParamRun,
  type HostIO,
  type HostOp,
  type QConv2dSpec,
  type QGemmSpec,
  type QuantizeSpec,
  type RequantizeSpec,
  rounder,
  roundHalfEven,
} from '@halftone/core';
import { each, elements, fresh, type Mutant, put, right, scalar, wrongCall, wrongOp } from './mutate.ts';

const { fround } = Math;
const clamp = (t: number, lo: number, hi: number): number => (t > lo ? (t < hi ? t : hi) : lo);

/** One element to a code. */
type Code = (x: number, factor: number, zero: number, lo: number, hi: number) => number;

export function quantizing(code: Code): HostOp<QuantizeSpec> {
  return (spec, io) => {
    const [lo, hi] = codeRange(spec.to);
    const [x, y, scale, zero] = ['x', 'y', 'scale', 'zeroPoint'].map((name) => elements(io, name));
    forEachParamRun(axisLayout(spec.shape, spec), (begin, end, first, stride) => {
      for (let i = begin, p = first; i < end; i++, p += stride)
        y![i] = code(x![i]!, scale![p]!, zero![p]!, lo, hi);
    });
  };
}

export const quantizeCode: Code = (x, scale, zero, lo, hi) =>
  roundHalfEven(clamp(fround(x / scale), lo - zero, hi - zero)) + zero;

const roundings = [
  ['half-up', 'floor(x + 0.5), the shortest way to write a rounding'],
  ['half-away', 'lround() and std::round, which send ties away from zero'],
  ['trunc', 'a cast to int, which cuts off'],
  ['floor', 'a shift to the right, which rounds down'],
] as const;

const quantizeMistakes: readonly (readonly [name: string, bug: string, code: Code])[] = [
  ...roundings.map(([name, bug]) => {
    const round = rounder(name);
    const code: Code = (x, scale, zero, lo, hi) =>
      round(clamp(fround(x / scale), lo - zero, hi - zero)) + zero;
    return [`rounds ${name}`, bug, code] as const;
  }),
  [
    'multiplies by the reciprocal',
    'the division is hoisted out of the loop as a product with 1 / scale',
    (x, scale, zero, lo, hi) =>
      roundHalfEven(clamp(fround(x * fround(1 / scale)), lo - zero, hi - zero)) + zero,
  ],
  [
    'multiplies by the scale',
    'scale is taken for its inverse, as papers that write q = r * scale have it',
    (x, scale, zero, lo, hi) => roundHalfEven(clamp(fround(x * scale), lo - zero, hi - zero)) + zero,
  ],
  [
    'divides in f64',
    'the quotient is kept in double precision, so that ties of float32 are none',
    (x, scale, zero, lo, hi) => roundHalfEven(clamp(x / scale, lo - zero, hi - zero)) + zero,
  ],
  [
    'adds the zero point before rounding',
    'round(x / scale + zeroPoint), which moves ties where the zero point is odd',
    (x, scale, zero, lo, hi) => roundHalfEven(clamp(fround(fround(x / scale) + zero), lo, hi)),
  ],
  [
    'adds the zero point after clamping',
    'the clamp has the range of the codes, and the sum then wraps',
    (x, scale, zero, lo, hi) => roundHalfEven(clamp(fround(x / scale), lo, hi)) + zero,
  ],
  [
    'subtracts the zero point',
    'the sign of the zero point is that of dequantization',
    (x, scale, zero, lo, hi) => clamp(roundHalfEven(clamp(fround(x / scale), -1e6, 1e6)) - zero, lo, hi),
  ],
  [
    'wraps',
    'the store keeps the low bits of what is out of range',
    (x, scale, zero) => roundHalfEven(clamp(fround(x / scale), -2147483648, 2147483647)) + zero,
  ],
  [
    'converts before it clamps',
    'cvtps2dq gives the smallest integer for what is past int32, and the clamp comes after',
    (x, scale, zero, lo, hi) => clamp(toInt32(fround(x / scale)) + zero, lo, hi),
  ],
  [
    'makes NaN a zero',
    'NaN is converted as the real 0 is',
    (x, scale, zero, lo, hi) => (Number.isNaN(x / scale) ? zero : quantizeCode(x, scale, zero, lo, hi)),
  ],
  [
    'flushes subnormals',
    'the processor reads subnormal floats as 0',
    (x, scale, zero, lo, hi) => quantizeCode(flush(x), flush(scale), zero, lo, hi),
  ],
  [
    'leaves the lowest code out',
    'symmetric weights end at -127, and so does everything else',
    (x, scale, zero, lo, hi) => quantizeCode(x, scale, zero, lo < 0 ? lo + 1 : lo, hi),
  ],
];

/** A float that is subnormal becomes 0, as with DAZ and FTZ on. */
export function flush(x: number): number {
  if (!(Math.abs(x) < 1.1754943508222875e-38)) return x;
  return x < 0 ? -0 : x > 0 ? 0 : x;
}

/** As cvtps2dq: what is no int32 becomes the smallest. */
function toInt32(t: number): number {
  const r = roundHalfEven(t);
  return r >= -2147483648 && r < 2147483648 ? r : -2147483648;
}

/** What ort-f32 makes of a sum. */
export const requantizeCode: Code = (acc, m, zero, lo, hi) =>
  roundHalfEven(clamp(fround(fround(acc) * m), lo - zero, hi - zero)) + zero;

const requantizeMistakes: readonly (readonly [name: string, bug: string, code: Code])[] = [
  ...roundings.map(([name, bug]) => {
    const round = rounder(name);
    const code: Code = (acc, m, zero, lo, hi) =>
      round(clamp(fround(fround(acc) * m), lo - zero, hi - zero)) + zero;
    return [`rounds ${name}`, bug, code] as const;
  }),
  [
    'rounds once',
    'the product of sum and multiplier is taken in double precision',
    (acc, m, zero, lo, hi) => roundHalfEven(clamp(acc * m, lo - zero, hi - zero)) + zero,
  ],
  [
    'rounds the product alone',
    'the sum goes into the float32 product without being rounded to float32',
    (acc, m, zero, lo, hi) => roundHalfEven(clamp(fround(acc * m), lo - zero, hi - zero)) + zero,
  ],
  [
    'adds the zero point before rounding',
    'the zero point goes into a multiply-add',
    (acc, m, zero, lo, hi) => roundHalfEven(clamp(fround(fround(fround(acc) * m) + zero), lo, hi)),
  ],
  [
    'clamps before the zero point',
    'the fused activation is applied to the number without its zero point',
    (acc, m, zero, lo, hi) => roundHalfEven(clamp(fround(fround(acc) * m), lo, hi)) + zero,
  ],
  [
    'converts before it clamps',
    'cvtps2dq gives the smallest integer for what is past int32, and the clamp comes after',
    (acc, m, zero, lo, hi) => clamp(toInt32(fround(fround(acc) * m)) + zero, lo, hi),
  ],
  [
    'forgets the zero point',
    'the zero point of the result is taken for 0',
    (acc, m, _zero, lo, hi) => roundHalfEven(clamp(fround(fround(acc) * m), lo, hi)),
  ],
];

export function requantizing(code: Code): HostOp<RequantizeSpec> {
  return (spec, io) => {
    if (spec.mode !== 'ort-f32') return right.requantize(spec, io);
    const [lo, hi] = spec.clamp ?? codeRange(spec.to);
    const [x, y, multiplier] = ['x', 'y', 'multiplier'].map((name) => elements(io, name));
    forEachParamRun(axisLayout(spec.shape, spec), (begin, end, p) => {
      for (let i = begin; i < end; i++)
        y![i] = code(x![i]!, each(multiplier!, p), scalar(io, 'zeroPoint'), lo, hi);
    });
  };
}

type Product = 'qgemm' | 'qconv2d';
type ProductSpec = QGemmSpec | QConv2dSpec;

/** A product with sums of the reference and another step to codes. */
export function finishing(op: Product, code: Code, bias = true): HostOp<ProductSpec> {
  const product = right[op] as HostOp<ProductSpec>;
  return (spec, io) => {
    const { output } = spec;
    if (output.type !== 'codes' || output.mode !== 'ort-f32') return product(spec, io);
    const sums = sumsOf(op, spec, io, bias);
    const [lo, hi] = output.clamp ?? codeRange(output.dtype);
    const y = elements(io, 'y');
    const channels = 'o' in spec ? spec.o : spec.n;
    for (let i = 0; i < y.length; i++)
      y[i] = code(sums[i]!, each(elements(io, 'multiplier'), i % channels), scalar(io, 'zeroPoint'), lo, hi);
  };
}

/** The int32 sums of a product, with or without its bias. */
function sumsOf(op: Product, spec: ProductSpec, io: HostIO, bias: boolean): Int32Array {
  const { multiplier: _m, zeroPoint: _z, bias: _b, ...kept } = io;
  const y = fresh({ dtype: 'int32', shape: io['y']!.shape });
  const added = bias && spec.bias === 'int32';
  (right[op] as HostOp<ProductSpec>)(
    { ...spec, bias: added ? 'int32' : 'none', output: { type: 'int32' } },
    { ...kept, ...(added ? { bias: io['bias']! } : {}), y },
  );
  return y.data as Int32Array;
}

const products: readonly Product[] = ['qgemm', 'qconv2d'];

/** Mistakes in the step from sums to codes. */
export const rounding: readonly Mutant[] = [
  ...quantizeMistakes.map(([name, bug, code]) => wrongOp('quantize', name, bug, quantizing(code))),
  ...requantizeMistakes.map(([name, bug, code]) => wrongOp('requantize', name, bug, requantizing(code))),
  ...products.flatMap((op) =>
    requantizeMistakes.map(([name, bug, code]) => wrongOp(op, name, bug, finishing(op, code))),
  ),
  ...products.flatMap((op) => [
    wrongOp(op, 'adds the bias after requantizing', 'the bias is taken for one in codes', (spec, io) => {
      finishing(op, requantizeCode, false)(spec as ProductSpec, io);
      if (spec.output.type !== 'codes' || spec.output.mode !== 'ort-f32' || spec.bias === 'none') return;
      const [lo, hi] = spec.output.clamp ?? codeRange(spec.output.dtype);
      const [y, bias] = [elements(io, 'y'), elements(io, 'bias')];
      for (let i = 0; i < y.length; i++) y[i] = clamp(y[i]! + bias[i % bias.length]!, lo, hi);
    }),
    wrongOp(op, 'adds a bias that saturates', 'the bias is added with saturation', (spec, io) => {
      if (spec.output.type !== 'int32' || spec.bias === 'none')
        return (right[op] as HostOp<ProductSpec>)(spec, io);
      const sums = sumsOf(op, spec, io, false);
      const [y, bias] = [elements(io, 'y'), elements(io, 'bias')];
      for (let i = 0; i < y.length; i++)
        y[i] = clamp(sums[i]! + bias[i % bias.length]!, -2147483648, 2147483647);
    }),
    wrongOp(
      op,
      'widens sum and bias',
      'sum and bias are added in 64 bits before they are scaled',
      (spec, io) => {
        const { output, bias: kind } = spec;
        if (output.type !== 'codes' || output.mode !== 'ort-f32' || kind === 'none')
          return (right[op] as HostOp<ProductSpec>)(spec, io);
        const sums = sumsOf(op, spec, io, false);
        const [lo, hi] = output.clamp ?? codeRange(output.dtype);
        const [y, bias, multiplier] = ['y', 'bias', 'multiplier'].map((name) => elements(io, name));
        for (let i = 0; i < y!.length; i++) {
          const channel = i % bias!.length;
          const sum = sums[i]! + bias![channel]!;
          y![i] = requantizeCode(sum, each(multiplier!, channel), scalar(io, 'zeroPoint'), lo, hi);
        }
      },
    ),
    wrongCall(op, 'forgets the clamp', 'the fused activation is left out', (spec, io) => {
      if (spec.output.type !== 'codes') return [spec, io];
      const { clamp: _clamp, ...output } = spec.output;
      return [{ ...spec, output }, io];
    }),
    wrongCall(op, 'has one multiplier', 'the multiplier of the first channel serves all', (spec, io) =>
      io['multiplier'] && !io['shift']
        ? [
            spec,
            put(
              io,
              'multiplier',
              elements(io, 'multiplier').map((_, __, all) => all[0]!),
            ),
          ]
        : [spec, io],
    ),
    wrongCall(op, 'shifts the multipliers', 'the multiplier is that of the next channel', (spec, io) =>
      io['multiplier'] && !io['shift']
        ? [spec, put(io, 'multiplier', shifted(elements(io, 'multiplier')))]
        : [spec, io],
    ),
  ]),
  wrongCall('requantize', 'forgets the clamp', 'the fused activation is left out', (spec, io) => {
    const { clamp: _clamp, ...rest } = spec;
    return [rest, io];
  }),
];

/** Each element that of the next index, the last one that of the first. */
export function shifted(list: ArrayLike<number>): number[] {
  return Array.from(list, (_, i) => list[(i + 1) % list.length]!);
}
