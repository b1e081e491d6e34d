// Mistakes in products of signs, and in the search for the first elements.
import type { BgemmSpec, HostIO, HostOp, TopKSpec } from '@halftone/core';
import { elements, type Elements, fresh, type Mutant, put, right, wrongCall, wrongOp } from './mutate.ts';

/** A sum of two rows of bits. */
type Signs = (a: Elements, b: Elements, k: number) => number;

export function multiplying(dot: Signs): HostOp<BgemmSpec> {
  return ({ m, n, k }, io) => {
    const [a, b, y] = [elements(io, 'a'), elements(io, 'b'), elements(io, 'y')];
    const bytes = Math.ceil(k / 8);
    const row = (of: Elements, i: number): Elements => of.subarray(i * bytes, (i + 1) * bytes);
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) y[i * n + j] = dot(row(a, i), row(b, j), k);
  };
}

const bitAt = (row: Elements, i: number): number => (row[i >> 3]! >> (i & 7)) & 1;

/** Differing bits of the first `count`, or of those that `at` names. */
function different(a: Elements, b: Elements, count: number, at: (i: number) => number = (i) => i): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += bitAt(a, at(i)) ^ bitAt(b, at(i));
  return sum;
}

export const exactSigns: Signs = (a, b, k) => k - 2 * different(a, b, k);

/** Counts that are kept in this many bits for each of so many bytes side by side. */
function narrow(bits: number, lanes: number): Signs {
  return (a, b, k) => {
    const counts = new Uint32Array(lanes);
    for (let i = 0; i < k; i++) counts[(i >> 3) % lanes]! += bitAt(a, i) ^ bitAt(b, i);
    return k - 2 * counts.reduce((sum, count) => sum + (count & ((1 << bits) - 1)), 0);
  };
}

const dots: readonly (readonly [name: string, bug: string, dot: Signs])[] = [
  [
    'counts what is behind a row',
    'the last byte of a row is taken whole, whatever stands behind k',
    (a, b, k) => k - 2 * different(a, b, 8 * a.length),
  ],
  [
    'takes high bits first',
    'of the last byte the high bits are taken for signs',
    (a, b, k) => k - 2 * different(a, b, k, (i) => (i & ~7) + 7 - (i & 7)),
  ],
  [
    'counts whole bytes as signs',
    'K is rounded up to bytes where the count is taken from it',
    (a, b, k) => 8 * a.length - 2 * different(a, b, k),
  ],
  [
    'counts differences once',
    'K minus the count, where it is twice the count',
    (a, b, k) => k - different(a, b, k),
  ],
  ['turns the sign', 'differences are counted as +1', (a, b, k) => 2 * different(a, b, k) - k],
  ['counts in bytes', 'counts of 32 bytes side by side are kept in 8 bits each', narrow(8, 32)],
  [
    'counts in bytes of a wide vector',
    'counts of 64 bytes side by side are kept in 8 bits each',
    narrow(8, 64),
  ],
  ['sums in 16 bits', 'the count of a row is kept in 16 bits', narrow(16, 1)],
];

const kTails = [8, 32, 64, 128, 256, 512].map((width) =>
  wrongOp(
    'bgemm',
    `forgets the tail of K after ${width}`,
    `the loop over k takes ${width} bits at a time and ends at the last full ones`,
    multiplying((a, b, k) => k - 2 * different(a, b, k - (k % width))),
  ),
);

const productTails = (['m', 'n'] as const).flatMap((axis) =>
  [2, 4, 6, 16, 32, 64].map((width) =>
    wrongOp(
      'bgemm',
      `forgets the tail of ${axis.toUpperCase()} after ${width}`,
      `the loop over ${axis} takes ${width} at a time and ends at the last full ones`,
      (spec, io) => {
        const y = elements(io, 'y');
        const before = y.slice();
        right.bgemm(spec, io);
        const extent = spec[axis];
        for (let i = 0; i < y.length; i++)
          if ((axis === 'n' ? i % spec.n : Math.floor(i / spec.n)) >= extent - (extent % width))
            y[i] = before[i]!;
      },
    ),
  ),
);

/** Places of the first elements, in an order of one's own. */
type Order = (a: number, b: number, spec: TopKSpec) => number;

/** A search that orders places by `order`, and after it by index; results hold the elements as they are. */
export function searching(
  order: Order,
  byIndex: (e: number, f: number) => number = (e, f) => e - f,
): HostOp<TopKSpec> {
  return (spec, io) => {
    const { outer, extent, inner, k } = spec;
    const [x, values, indices] = ['x', 'values', 'indices'].map((name) => elements(io, name));
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) {
        const at = (e: number): number => x![(o * extent + e) * inner + i]!;
        const places = Array.from({ length: extent }, (_, e) => e);
        places.sort((e, f) => order(at(e), at(f), spec) || byIndex(e, f));
        for (let place = 0; place < k; place++) {
          const to = (o * k + place) * inner + i;
          values![to] = at(places[place]!);
          indices![to] = places[place]!;
        }
      }
  };
}

const { sign, fround } = Math;

/** Numbers that stand for elements; NaN is one above infinity. */
function by(key: (x: number, spec: TopKSpec) => number): Order {
  const ranked = (x: number): number => (Number.isNaN(x) ? 1e300 : x === Infinity ? 1e299 : x);
  return (a, b, spec) => sign(ranked(key(b, spec)) - ranked(key(a, spec))) * (spec.largest ? 1 : -1);
}

export const exactOrder: Order = by((x) => x);

const orders: readonly (readonly [name: string, bug: string, order: Order])[] = [
  [
    'reads codes as unsigned',
    'int8 codes are compared as bytes',
    by((x, { dtype }) => (dtype === 'int8' ? x & 255 : x)),
  ],
  [
    'reads codes as signed',
    'uint8 codes are compared as int8',
    by((x, { dtype }) => (dtype === 'uint8' ? (x << 24) >> 24 : x)),
  ],
  [
    'compares integers as unsigned',
    'int32 elements are compared by their bits',
    by((x, { dtype }) => (dtype === 'int32' ? x >>> 0 : x)),
  ],
  ['compares in float32', 'integers are compared as float32', by((x) => fround(x))],
  [
    'subtracts to compare',
    'int32 elements are compared by a difference that wraps',
    (a, b, spec) =>
      spec.dtype === 'int32' ? sign((b - a) | 0) * (spec.largest ? 1 : -1) : exactOrder(a, b, spec),
  ],
  ['loses NaN', 'NaN is below every number', by((x) => (Number.isNaN(x) ? -Infinity : x))],
  [
    'puts NaN last',
    'NaN is behind every number in both directions',
    (a, b, spec) => Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || exactOrder(a, b, spec),
  ],
  [
    'takes NaN for infinity',
    'NaN is clamped to the largest float',
    by((x) => (Number.isNaN(x) ? Infinity : x)),
  ],
  [
    'tells zeros apart',
    'floats are compared by their bits, where -0 is below 0',
    by((x) => (Object.is(x, -0) ? -1e-46 : x)),
  ],
];

function restOf(io: HostIO, spec: TopKSpec): HostIO {
  const { outer, k, inner, dtype } = spec;
  const shape = [outer, k, inner];
  return { x: io['x']!, values: fresh({ dtype, shape }), indices: fresh({ dtype: 'int32', shape }) };
}

/** Mistakes of both ops. */
export const search: readonly Mutant[] = [
  ...dots.map(([name, bug, dot]) => wrongOp('bgemm', name, bug, multiplying(dot))),
  ...kTails,
  ...productTails,
  wrongCall('bgemm', 'reads one row of B', 'all columns take the first row', (spec, io) => {
    const bytes = Math.ceil(spec.k / 8);
    return [
      spec,
      put(
        io,
        'b',
        elements(io, 'b').map((_, i, all) => all[i % bytes]!),
      ),
    ];
  }),
  ...orders.map(([name, bug, order]) => wrongOp('topK', name, bug, searching(order))),
  wrongOp(
    'topK',
    'takes the last of equals',
    'a comparison with >=',
    searching(exactOrder, (e, f) => f - e),
  ),
  wrongCall('topK', 'takes the largest', 'the direction is not read', (spec, io) => [
    { ...spec, largest: true },
    io,
  ]),
  wrongOp('topK', 'leaves them unsorted', 'what was found stays in order of its places', (spec, io) => {
    right.topK(spec, io);
    if (spec.inner !== 1) return;
    const [x, values, indices] = ['x', 'values', 'indices'].map((name) => elements(io, name));
    for (let o = 0; o < spec.outer; o++) {
      const found = indices!.subarray(o * spec.k, (o + 1) * spec.k).sort();
      for (let place = 0; place < spec.k; place++)
        values![o * spec.k + place] = x![o * spec.extent + found[place]!]!;
    }
  }),
  wrongOp('topK', 'counts from the first row', 'indices are those of the whole tensor', (spec, io) => {
    right.topK(spec, io);
    const indices = elements(io, 'indices');
    for (let i = 0; i < indices.length; i++)
      indices[i]! += Math.floor(i / (spec.k * spec.inner)) * spec.extent;
  }),
  ...[8, 16, 64].map((width) =>
    wrongOp(
      'topK',
      `forgets the tail after ${width}`,
      `the search takes ${width} elements at a time and ends at the last full ones`,
      (spec, io) => {
        const { extent, outer, k, inner } = spec;
        const end = extent - (extent % width);
        if (end < k || inner !== 1) return right.topK(spec, io);
        const cut = Array.from({ length: outer }, (_, o) => [
          ...elements(io, 'x').subarray(o * extent, o * extent + end),
        ]).flat();
        const shorter = { ...spec, extent: end };
        const part = restOf({ x: fresh({ dtype: spec.dtype, shape: [outer, end] }, cut) }, spec);
        right.topK(shorter, part);
        for (const name of ['values', 'indices']) elements(io, name).set(elements(part, name));
      },
    ),
  ),
];
