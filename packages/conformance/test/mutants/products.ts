// Mistakes in the sums of integer products.
import type { CodeType, HostIO, HostOp, QConv2dSpec, QGemmSpec } from '@halftone/core';
import {
  each,
  elements,
  type Elements,
  fresh,
  type Mutant,
  put,
  right,
  scalar,
  wrongCall,
  wrongOp,
} from './mutate.ts';
import { shifted } from './rounding.ts';

const { fround } = Math;

/** A row of A and a column of B, of one sum. */
interface Pair {
  readonly a: Elements;
  readonly b: Elements;
  readonly aZero: number;
  readonly bZero: number;
}

/** How one sum is made. */
export type Dot = (pair: Pair, spec: QGemmSpec) => number;

/** A matrix product whose int32 sums `dot` makes; the reference makes of them what the spec wants. */
export function summing(dot: Dot): HostOp<QGemmSpec> {
  return (spec, io) => {
    const { batch, m, n, k } = spec;
    const [a, b, bZero] = ['a', 'b', 'bZeroPoint'].map((name) => elements(io, name));
    const sums = new Int32Array(batch * m * n);
    const column = b!.slice(0, k);
    for (let p = 0; p < batch; p++) {
      for (let j = 0; j < n; j++) {
        for (let i = 0; i < k; i++) column[i] = b![p * n * k + (spec.transposeB ? j * k + i : i * n + j)]!;
        for (let i = 0; i < m; i++) {
          const at = (p * m + i) * k;
          const pair = {
            a: a!.subarray(at, at + k),
            b: column,
            aZero: scalar(io, 'aZeroPoint'),
            bZero: each(bZero!, j),
          };
          sums[(p * m + i) * n + j] = dot(pair, spec);
        }
      }
    }
    wayOut(spec, io, sums);
  };
}

/** What the spec makes of sums: the reference does it, row by row, with the sum as a product of no elements and a bias. */
function wayOut(spec: QGemmSpec, io: HostIO, sums: Int32Array): void {
  const { n } = spec;
  const y = elements(io, 'y');
  const { a: _a, b: _b, ...rest } = io;
  const none = { dtype: spec.a, shape: [0] } as const;
  for (let row = 0; row * n < sums.length; row++) {
    const bias = sums.slice(row * n, (row + 1) * n);
    if (spec.bias === 'int32') for (let j = 0; j < n; j++) bias[j]! += elements(io, 'bias')[j]!;
    const out = fresh({ dtype: io['y']!.dtype, shape: [1, 1, n] });
    const isFloat = spec.bias === 'float32';
    right.qgemm(
      { ...spec, batch: 1, m: 1, k: 0, bias: 'int32' },
      { ...rest, a: fresh(none), b: fresh({ dtype: spec.b, shape: [0] }), bias: biasOf(bias), y: out },
    );
    const values = out.data as Float32Array;
    if (isFloat) for (let j = 0; j < n; j++) values[j]! += elements(io, 'bias')[j]!;
    y.set(values, row * n);
  }
}

function biasOf(sums: Int32Array): HostIO[string] {
  return fresh({ dtype: 'int32', shape: [sums.length] }, sums);
}

export const exactDot: Dot = ({ a, b, aZero, bZero }) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum = (sum + (a[i]! - aZero) * (b[i]! - bZero)) | 0;
  return sum;
};

/** The exact sum of products of raw codes with their zero points taken out afterwards. */
function corrected(raw: number, { a, b, aZero, bZero }: Pair): number {
  let [sumA, sumB] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    sumA += a[i]!;
    sumB += b[i]!;
  }
  return (raw - bZero * sumA - aZero * sumB + a.length * Math.imul(aZero, bZero)) | 0;
}

const saturate16 = (x: number): number => Math.min(32767, Math.max(-32768, x));

const dots: readonly (readonly [name: string, bug: string, dot: Dot])[] = [
  [
    'saturates pair sums',
    'vpmaddubsw adds two neighbouring products in 16 bits with saturation',
    (pair) => {
      const { a, b } = pair;
      let sum = 0;
      for (let i = 0; i < a.length; i += 2)
        sum += saturate16(a[i]! * b[i]! + (i + 1 < a.length ? a[i + 1]! * b[i + 1]! : 0));
      return corrected(sum, pair);
    },
  ],
  [
    'wraps pair sums',
    'two products of centred codes are added in 16 bits',
    ({ a, b, aZero, bZero }) => {
      let sum = 0;
      const product = (i: number): number => (i < a.length ? (a[i]! - aZero) * (b[i]! - bZero) : 0);
      for (let i = 0; i < a.length; i += 2) sum += ((product(i) + product(i + 1)) << 16) >> 16;
      return sum | 0;
    },
  ],
  [
    'centres in 8 bits',
    'the zero point is taken from the code in 8 bits',
    ({ a, b, aZero, bZero }) => {
      const centre = (x: number): number => (x << 24) >> 24;
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum = (sum + centre(a[i]! - aZero) * centre(b[i]! - bZero)) | 0;
      return sum;
    },
  ],
  [
    'sums in float32',
    'codes are converted and multiplied in float32, which has 24 bits',
    ({ a, b, aZero, bZero }) => {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum = fround(sum + (a[i]! - aZero) * (b[i]! - bZero));
      return sum | 0;
    },
  ],
  [
    'saturates at int32',
    'sums are made in double precision and converted with saturation',
    ({ a, b, aZero, bZero }) => {
      let sum = 0;
      for (let i = 0; i < a.length; i++) sum += (a[i]! - aZero) * (b[i]! - bZero);
      return Math.min(2147483647, Math.max(-2147483648, sum));
    },
  ],
  [
    'corrects in float32',
    'the sum of the raw codes is exact, and the terms of the zero points are floats',
    (pair) => {
      const { a, b, aZero, bZero } = pair;
      let [raw, sumA, sumB] = [0, 0, 0];
      for (let i = 0; i < a.length; i++) {
        raw = (raw + a[i]! * b[i]!) | 0;
        sumA += a[i]!;
        sumB += b[i]!;
      }
      const terms = fround(fround(bZero * sumA) + fround(aZero * sumB)) - a.length * aZero * bZero;
      return (raw - terms) | 0;
    },
  ],
  [
    'adds the zero point of A',
    'the zero point of A has the wrong sign',
    ({ a, b, aZero, bZero }) => exactDot({ a, b, aZero: -aZero, bZero }, undefined as never),
  ],
  [
    'forgets the zero point of A',
    'A is taken as symmetric',
    ({ a, b, bZero }) => exactDot({ a, b, aZero: 0, bZero }, undefined as never),
  ],
  [
    'forgets the zero point of B',
    'weights are taken as symmetric',
    ({ a, b, aZero }) => exactDot({ a, b, aZero, bZero: 0 }, undefined as never),
  ],
  [
    'forgets the product of the zero points',
    'of the four terms of the product the constant one is left out',
    (pair) => (corrected(rawDot(pair), pair) - pair.a.length * pair.aZero * pair.bZero) | 0,
  ],
  [
    'counts the padding of K',
    'K is padded to a multiple of 4 with code 0, and the constant term counts the padding',
    (pair) => {
      const padding = (4 - (pair.a.length % 4)) % 4;
      return (corrected(rawDot(pair), pair) + padding * pair.aZero * pair.bZero) | 0;
    },
  ],
  [
    'reads B as the other sign',
    'the kernel for int8 weights runs on uint8 ones and the other way round',
    ({ a, b, aZero, bZero }, { b: type }) => {
      const other = type === 'int8' ? Uint8Array.from(b) : Int8Array.from(b);
      return exactDot({ a, b: other, aZero, bZero }, undefined as never);
    },
  ],
  [
    'flips the sign of A without its zero point',
    'uint8 codes become int8 ones by a xor of 128, and the zero point stays',
    ({ a, b, aZero, bZero }, { a: type }) => {
      const flipped = type === 'uint8' ? Int16Array.from(a, (x) => x - 128) : a;
      return exactDot({ a: flipped, b, aZero, bZero }, undefined as never);
    },
  ],
];

function rawDot({ a, b }: Pair): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum = (sum + a[i]! * b[i]!) | 0;
  return sum;
}

/** Loops that end at the last full vector. */
const kTails = [4, 8, 16, 32, 64].map((width) =>
  wrongOp(
    'qgemm',
    `forgets the tail of K after ${width}`,
    `the loop over k takes ${width} at a time and ends at the last full ones`,
    summing(({ a, b, aZero, bZero }, spec) => {
      const end = a.length - (a.length % width);
      return exactDot({ a: a.subarray(0, end), b, aZero, bZero }, spec);
    }),
  ),
);

/** Rows or columns that no vector reaches keep what the result held. */
function unwritten(axis: 'm' | 'n', width: number): HostOp<QGemmSpec> {
  return (spec, io) => {
    const before = io['y']!.data.slice() as Elements;
    right.qgemm(spec, io);
    const y = elements(io, 'y');
    const extent = spec[axis];
    for (let i = 0; i < y.length; i++) {
      const at = axis === 'n' ? i % spec.n : Math.floor(i / spec.n) % spec.m;
      if (at >= extent - (extent % width)) y[i] = before[i]!;
    }
  };
}

const tails = (['m', 'n'] as const).flatMap((axis) =>
  [2, 4, 8, 16, 32, 64].map((width) =>
    wrongOp(
      'qgemm',
      `forgets the tail of ${axis.toUpperCase()} after ${width}`,
      `the loop over ${axis} takes ${width} at a time and ends at the last full ones`,
      unwritten(axis, width),
    ),
  ),
);

/** Depthwise kernels run along the channels. */
const depthwiseTails = [4, 8, 16].map((width) =>
  wrongOp(
    'qconv2d',
    `forgets the depthwise tail after ${width}`,
    `the depthwise loop takes ${width} channels at a time and ends at the last full ones`,
    (spec, io) => {
      const before = io['y']!.data.slice() as Elements;
      right.qconv2d(spec, io);
      if (spec.groups !== spec.c || spec.c === 1) return;
      const y = elements(io, 'y');
      for (let i = 0; i < y.length; i++) if (i % spec.o >= spec.o - (spec.o % width)) y[i] = before[i]!;
    },
  ),
);

const firstOf = (list: Elements): Elements => list.map((_, __, all) => all[0]!) as Elements;

const zeroPointsOf = [
  ['qgemm', 'bZeroPoint'],
  ['qconv2d', 'wZeroPoint'],
] as const;

/** Mistakes in integer products. */
export const products: readonly Mutant[] = [
  ...dots.map(([name, bug, dot]) => wrongOp('qgemm', name, bug, summing(dot))),
  ...kTails,
  ...tails,
  ...depthwiseTails,
  ...zeroPointsOf.flatMap(([op, name]) => [
    wrongCall(op, 'has one zero point of weights', 'the first zero point serves all columns', (spec, io) => [
      spec as never,
      put(io, name, firstOf(elements(io, name))),
    ]),
    wrongCall(
      op,
      'shifts the zero points of weights',
      'the zero point is that of the next column',
      (spec, io) => [spec as never, put(io, name, shifted(elements(io, name)))],
    ),
  ]),
  wrongCall('qgemm', 'reads one B', 'the products of a batch all take the first matrix', (spec, io) => {
    const one = elements(io, 'b').subarray(0, spec.n * spec.k);
    return [
      spec,
      put(
        io,
        'b',
        elements(io, 'b').map((_, i) => one[i % one.length]!),
      ),
    ];
  }),
  wrongCall(
    'qgemm',
    'ignores the layout of B',
    'B is read as [k, n] where both extents are one',
    (spec, io) => [spec.n === spec.k ? { ...spec, transposeB: false } : spec, io],
  ),
  wrongCall('qconv2d', 'reads weights of another type', 'weights are always read as int8', (spec, io) => {
    if (spec.weights === 'int8') return [spec, io];
    const { w, wZeroPoint } = io;
    const asInt8 = (tensor: HostIO[string]): HostIO[string] =>
      fresh({ dtype: 'int8', shape: tensor.shape }, tensor.data as Uint8Array);
    const weights: CodeType = 'int8';
    return [
      { ...(spec as QConv2dSpec), weights },
      { ...io, w: asInt8(w!), wZeroPoint: asInt8(wZeroPoint!) },
    ];
  }),
];
