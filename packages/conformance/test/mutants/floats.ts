// Mistakes in float ops, which are IEEE operations in a stated order.
import {
  type Conv2dSpec,
  exp,
  type GemmSpec,
  type HostIO,
  type HostOp,
  type OpName,
  type OpSpecs,
  type SoftmaxSpec,
  type UnarySpec,
  windowOutput,
} from '@halftone/core';
import { elements, type Mutant, right, withOps, wrongCall, wrongOp } from './mutate.ts';
import { flush } from './rounding.ts';

const { fround } = Math;

/** Float32 sum of products; `x` and `w` have one length. */
export type FloatDot = (x: readonly number[], w: readonly number[]) => number;

export const ascending: FloatDot = (x, w) => {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum = fround(sum + fround(x[i]! * w[i]!));
  return sum;
};

/** a * b + c with one rounding to float32; exact but for double rounding, as f64 holds the product whole. */
const fma = (a: number, b: number, c: number): number => fround(a * b + c);

function lanes(x: readonly number[], w: readonly number[], width: number): number {
  const partial = Array.from({ length: width }, () => 0);
  for (let i = 0; i < x.length; i++) partial[i % width] = fround(partial[i % width]! + fround(x[i]! * w[i]!));
  return partial.reduce((sum, part) => fround(sum + part), 0);
}

function blocksReversed(x: readonly number[], w: readonly number[], block: number): number {
  let sum = 0;
  for (let first = block * Math.floor((x.length - 1) / block); first >= 0; first -= block) {
    for (let i = first; i < Math.min(first + block, x.length); i++) sum = fround(sum + fround(x[i]! * w[i]!));
  }
  return sum;
}

const dots: readonly (readonly [name: string, bug: string, dot: FloatDot])[] = [
  [
    'contracts',
    'the compiler makes a fused multiply-add of product and sum',
    (x, w) => x.reduce((sum, v, i) => fma(v, w[i]!, sum), 0),
  ],
  [
    'sums in f64',
    'the accumulator is a double, rounded once',
    (x, w) => fround(x.reduce((sum, v, i) => sum + v * w[i]!, 0)),
  ],
  ['sums in four lanes', 'a vector of four partial sums is added up at the end', (x, w) => lanes(x, w, 4)],
  [
    'sums blocks in reverse',
    'blocks of 4 along k are taken from the last to the first',
    (x, w) => blocksReversed(x, w, 4),
  ],
  [
    'sums blocks of 64 in reverse',
    'blocks of 64 along k are taken from the last to the first',
    (x, w) => blocksReversed(x, w, 64),
  ],
  ['sums in reverse', 'the loop over k counts down', (x, w) => blocksReversed(x, w, 1)],
  [
    'flushes subnormals',
    'products and sums that are subnormal become 0',
    (x, w) => x.reduce((sum, v, i) => flush(fround(sum + flush(fround(flush(v) * flush(w[i]!))))), 0),
  ],
  [
    'skips zeros',
    'products with 0 are left out, and with them NaN and infinities',
    (x, w) => x.reduce((sum, v, i) => (v === 0 || w[i] === 0 ? sum : fround(sum + fround(v * w[i]!))), 0),
  ],
];

function finish(
  sum: number,
  spec: { readonly clamp?: readonly [number, number] },
  bias: number | undefined,
): number {
  const t = bias === undefined ? sum : fround(sum + bias);
  if (!spec.clamp) return t;
  return t < spec.clamp[0] ? spec.clamp[0] : t > spec.clamp[1] ? spec.clamp[1] : t;
}

type Finish = typeof finish;

export function gemmOf(dot: FloatDot, end: Finish = finish): HostOp<GemmSpec> {
  return (spec, io) => {
    const { batch, m, n, k } = spec;
    const [a, b, y] = ['a', 'b', 'y'].map((name) => elements(io, name));
    const bias = spec.bias ? elements(io, 'bias') : undefined;
    for (let p = 0; p < batch; p++) {
      for (let i = 0; i < m; i++) {
        const row = Array.from(
          { length: k },
          (_, e) => a![p * m * k + (spec.transposeA ? e * m + i : i * k + e)]!,
        );
        for (let j = 0; j < n; j++) {
          const column = Array.from(
            { length: k },
            (_, e) => b![p * n * k + (spec.transposeB ? j * k + e : e * n + j)]!,
          );
          y![(p * m + i) * n + j] = end(dot(row, column), spec, bias?.[j]);
        }
      }
    }
  };
}

export function conv2dOf(dot: FloatDot, end: Finish = finish): HostOp<Conv2dSpec> {
  return (spec, io) => {
    const { c, o, kernel, groups, strides, pads, dilations } = spec;
    const [x, w, y] = ['x', 'w', 'y'].map((name) => elements(io, name));
    const bias = spec.bias ? elements(io, 'bias') : undefined;
    const [oh, ow] = windowOutput(spec);
    const depth = c / groups;
    for (let i = 0; i < y!.length; i++) {
      const [channel, column] = [i % o, Math.floor(i / o) % ow];
      const [row, batch] = [Math.floor(i / (o * ow)) % oh, Math.floor(i / (o * ow * oh))];
      const first = Math.floor(channel / (o / groups)) * depth;
      const [taps, weights]: [number[], number[]] = [[], []];
      for (let t = 0; t < kernel[0] * kernel[1]; t++) {
        const ih = row * strides[0] - pads[0] + Math.floor(t / kernel[1]) * dilations[0];
        const iw = column * strides[1] - pads[1] + (t % kernel[1]) * dilations[1];
        if (ih < 0 || iw < 0 || ih >= spec.h || iw >= spec.w) continue;
        for (let d = 0; d < depth; d++) {
          taps.push(x![((batch * spec.h + ih) * spec.w + iw) * c + first + d]!);
          weights.push(w![(channel * kernel[0] * kernel[1] + t) * depth + d]!);
        }
      }
      y![i] = end(dot(taps, weights), spec, bias?.[channel]);
    }
  };
}

const ends: readonly (readonly [name: string, bug: string, end: Finish])[] = [
  [
    'clamps NaN',
    'maxps gives its second operand for NaN, so that a clamp loses it',
    (sum, spec, bias) => {
      const t = finish(sum, spec, bias);
      return spec.clamp && Number.isNaN(t) ? spec.clamp[0] : t;
    },
  ],
  [
    'clamps before the bias',
    'the activation is applied to the sum without its bias',
    (sum, spec, bias) => {
      const t = finish(sum, spec, undefined);
      return bias === undefined ? t : fround(t + bias);
    },
  ],
];

/** The bias as one more product, before the others. */
function biasFirst(op: 'gemm' | 'conv2d'): HostOp<never> {
  return (spec: GemmSpec & Conv2dSpec, io: HostIO) => {
    if (!spec.bias) return right[op](spec, io);
    const bias = elements(io, 'bias');
    let at = 0;
    const dot: FloatDot = (x, w) => {
      const first = bias[at++ % bias.length]!;
      return x.reduce((sum, v, i) => fround(sum + fround(v * w[i]!)), first);
    };
    const end: Finish = (sum, rest) => finish(sum, rest, undefined);
    (op === 'gemm' ? gemmOf(dot, end) : conv2dOf(dot, end))(spec, io);
  };
}

/** The next float32 away from 0. */
function ulpUp(x: number): number {
  const bits = new Int32Array(Float32Array.of(x).buffer);
  bits[0]!++;
  return Number.isFinite(x) && x !== 0 ? new Float32Array(bits.buffer)[0]! : x;
}

/** exp in float32 of which one result in four is a unit too high in the last place. */
function expOff(x: number): number {
  const right_ = fround(exp(x));
  return Math.abs(fround(x) * 4096) % 4 < 1 ? ulpUp(right_) : right_;
}

function softmaxBy(power: (x: number) => number, shifted = true): HostOp<SoftmaxSpec> {
  return (spec, io) => {
    if (spec.logarithm) return right.softmax(spec, io);
    const [x, y] = [elements(io, 'x'), elements(io, 'y')];
    for (let o = 0; o < spec.outer; o++) {
      for (let i = 0; i < spec.inner; i++) {
        const at = (e: number): number => (o * spec.extent + e) * spec.inner + i;
        let [max, sum] = [shifted ? -Infinity : 0, 0];
        if (shifted) for (let e = 0; e < spec.extent; e++) max = Math.max(max, x[at(e)]!);
        for (let e = 0; e < spec.extent; e++) sum += power(x[at(e)]! - max);
        for (let e = 0; e < spec.extent; e++) y[at(e)] = power(x[at(e)]! - max) / sum;
      }
    }
  };
}

/** Changes every result of an op. */
function after<O extends OpName>(op: O, change: (y: number) => number): HostOp<OpSpecs[O]> {
  return (spec, io) => {
    (right[op] as HostOp<OpSpecs[O]>)(spec, io);
    const y = io['y']!;
    if (y.dtype === 'float32')
      for (let i = 0; i < y.data.length; i++) y.data[i] = change(y.data[i] as number);
  };
}

const floatOps = [
  'binary',
  'unary',
  'softmax',
  'avgpool',
  'maxpool',
  'normalize',
  'reduce',
  'lstm',
  'convTranspose2d',
] as const;

const movers = ['transpose', 'slice', 'concat', 'gather', 'pad', 'expand', 'where'] as const;

/** Moves elements through a narrower type. */
function through(
  op: OpName,
  dtype: 'int32' | 'int64',
  narrow: (v: number | bigint) => number | bigint,
): HostOp<never> {
  return (spec, io) => {
    (right[op] as HostOp<never>)(spec, io);
    const y = io['y']!;
    if (y.dtype === dtype) for (let i = 0; i < y.data.length; i++) y.data[i] = narrow(y.data[i]!) as never;
  };
}

/** Mistakes in float ops. */
export const floats: readonly Mutant[] = [
  ...dots.flatMap(([name, bug, dot]) => [
    wrongOp('gemm', name, bug, gemmOf(dot)),
    wrongOp('conv2d', name, bug, conv2dOf(dot)),
  ]),
  ...ends.flatMap(([name, bug, end]) => [
    wrongOp('gemm', name, bug, gemmOf(ascending, end)),
    wrongOp('conv2d', name, bug, conv2dOf(ascending, end)),
  ]),
  ...(['gemm', 'conv2d'] as const).map((op) =>
    wrongOp(
      op,
      'begins with the bias',
      'the bias is the first term of the sum, and not the last',
      biasFirst(op) as never,
    ),
  ),
  ...floatOps.map((op) =>
    wrongOp(op, 'flushes subnormals', 'subnormal results become 0', after(op, flush) as never),
  ),
  ...(['binary', 'unary', 'maxpool'] as const).map((op) =>
    wrongOp(op, 'loses the sign of 0', 'zeros are made by adding 0', after(op, (y) => y + 0) as never),
  ),
  ...movers.flatMap((op) => [
    wrongOp(
      op,
      'moves int32 as floats',
      'every type but int64 is moved as float32',
      through(op, 'int32', (v) => fround(Number(v))) as never,
    ),
    wrongOp(
      op,
      'moves int64 as int32',
      'the upper halves of int64 are left',
      through(op, 'int64', (v) => BigInt.asIntN(32, v as bigint)) as never,
    ),
    wrongOp(op, 'loses the sign of 0', 'elements are moved by arithmetic', after(op, (y) => y + 0) as never),
    wrongOp(op, 'flushes subnormals', 'elements are moved by arithmetic', after(op, flush) as never),
  ]),
  wrongOp(
    'softmax',
    'has an exponential off by one ulp',
    'exp in float32 is a unit too high for some arguments',
    softmaxBy(expOff),
  ),
  wrongOp(
    'softmax',
    'has an exponential of float32',
    'powers are rounded to float32 before they are summed',
    softmaxBy((x) => fround(exp(x))),
  ),
  wrongOp('softmax', 'does not subtract the maximum', 'powers overflow', softmaxBy(exp, false)),
  wrongOp(
    'unary',
    'is off by one ulp',
    'a function has an error of one unit in the last place for some arguments',
    (spec: UnarySpec, io) => {
      right.unary(spec, io);
      if (spec.function === 'clamp') return;
      const [x, y] = [elements(io, 'x'), elements(io, 'y')];
      for (let i = 0; i < y.length; i++) if (Math.abs(x[i]! * 4096) % 64 < 1) y[i] = ulpUp(y[i]!);
    },
  ),
  wrongOp('unary', 'makes -0 of a clamp 0', 'max(x, 0) as x > 0 ? x : 0', (spec: UnarySpec, io) => {
    right.unary(spec, io);
    if (spec.function !== 'clamp') return;
    const y = elements(io, 'y');
    for (let i = 0; i < y.length; i++) y[i]! += 0;
  }),
  wrongOp('unary', 'clamps NaN', 'min and max lose a NaN', (spec: UnarySpec, io) => {
    right.unary(spec, io);
    if (spec.function !== 'clamp') return;
    const y = elements(io, 'y');
    for (let i = 0; i < y.length; i++) if (Number.isNaN(y[i])) y[i] = spec.clamp[0];
  }),
  wrongCall(
    'gemm',
    'ignores the layout of A',
    'A is read as [m, k] where both extents are one',
    (spec, io) => [spec.m === spec.k ? { ...spec, transposeA: false } : spec, io],
  ),
  {
    name: 'every float op: flushes subnormals',
    bug: 'the processor runs with flush-to-zero on, as a library set it that was loaded before',
    ops: ['binary', 'unary', 'gemm', 'conv2d', 'softmax', 'avgpool'],
    provider: withOps(
      Object.fromEntries(
        (['binary', 'unary', 'gemm', 'conv2d', 'softmax', 'avgpool'] as const).map((op) => [
          op,
          after(op, flush),
        ]),
      ),
    ),
  },
];
