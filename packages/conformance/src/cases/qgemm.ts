import type { QGemmSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { statedWaysOut, waysOut } from './accumulator.ts';
import { short, signPairs, tails, zeroPoints } from './shared.ts';

const plain: QGemmSpec = {
  batch: 1,
  m: 3,
  n: 5,
  k: 7,
  a: 'uint8',
  b: 'int8',
  transposeB: false,
  bZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
};

function of(
  name: string,
  change: Partial<QGemmSpec>,
  inputs: Readonly<Record<string, Recipe>> = {},
  ...tags: readonly string[]
): Case<'qgemm'> {
  const spec = { ...plain, ...change };
  return makeCase('qgemm', `${name}/${short(spec.a, spec.b)}`, spec, inputs, ...tags);
}

/** Around the lengths where sums leave 16 bits, float32's 24 bits, and int32; and where kernels split K. */
const lengths: readonly number[] = [
  257, 258, 259, 513, 514, 515, 1023, 1024, 1025, 1039, 1040, 1041, 2048, 4099,
];

const corners: readonly Partial<QGemmSpec>[] = [
  { m: 1, n: 1, k: 1 },
  { m: 0 },
  { n: 0 },
  { k: 0 },
  { batch: 0 },
  { m: 1, n: 64, k: 64 },
  { m: 64, n: 1, k: 64 },
  { m: 33, n: 33, k: 33 },
  { m: 64, n: 64, k: 64 },
  { m: 65, n: 67, k: 71 },
  { batch: 3, m: 4, n: 6, k: 5 },
  { batch: 2, m: 17, n: 16, k: 64 },
];

function ofTypes(a: QGemmSpec['a'], b: QGemmSpec['b']): Case<'qgemm'>[] {
  const types = { a, b };
  const ends: Recipe = { fill: 'extremes' };
  return [
    ...tails.flatMap((extent) => [
      of(`m-${extent}`, { ...types, m: extent, n: 4, k: 9 }),
      of(`n-${extent}`, { ...types, m: 2, n: extent, k: 9, transposeB: extent % 2 === 0 }),
      of(
        `k-${extent}`,
        { ...types, m: 2, n: 3, k: extent, transposeB: extent % 2 === 1 },
        { a: ends, b: ends },
      ),
    ]),
    ...lengths.map((k) => of(`k-${k}-extremes`, { ...types, m: 2, n: 18, k }, { a: ends, b: ends })),
    ...corners.map((change, i) => of(`corner-${i}`, { ...types, ...change })),
    // A zero point for each column, in both layouts.
    ...[false, true].map((transposeB) =>
      of(`columns-${transposeB ? 'nk' : 'kn'}`, {
        ...types,
        m: 5,
        n: 19,
        k: 33,
        transposeB,
        bZeroPoint: 'per-channel',
      }),
    ),
    ...zeroPoints(a).flatMap((za) =>
      zeroPoints(b).map((zb) =>
        of(
          `zeros-${za}-${zb}`,
          { ...types, m: 3, n: 9, k: 66 },
          {
            a: ends,
            b: ends,
            aZeroPoint: { data: [za] },
            bZeroPoint: { data: [zb] },
          },
        ),
      ),
    ),
    ...statedWaysOut().map(({ name, spec, inputs, form, channels }) =>
      of(
        `out-${name}`,
        { ...types, ...spec, m: 2, n: channels, k: 3 },
        { ...inputs, b: { fill: 'constant', value: 0 }, bZeroPoint: { data: [0] } },
        ...(form ? ['form'] : []),
      ),
    ),
    ...waysOut(6).map(({ name, spec, inputs, form }) =>
      of(`out-${name}`, { ...types, ...spec, m: 4, n: 6, k: 21 }, inputs, ...(form ? ['form'] : [])),
    ),
  ];
}

export function qgemmCases(): readonly Case<'qgemm'>[] {
  return [
    ...signPairs.flatMap(([a, b]) => ofTypes(a, b)),
    // Sums of one sign past 2^24, 2^31 and 2^32: exact, then modulo 2^32.
    of(
      'past-2-24',
      { a: 'uint8', b: 'uint8', m: 1, n: 2, k: 1100 },
      {
        a: { data: [255, 254, 253] },
        b: { data: [255, 251] },
        aZeroPoint: { data: [0] },
        bZeroPoint: { data: [0] },
      },
    ),
    of(
      'past-2-31',
      { a: 'uint8', b: 'uint8', m: 1, n: 2, k: 33100 },
      { a: { data: [255] }, b: { data: [255, 254] }, aZeroPoint: { data: [0] }, bZeroPoint: { data: [0] } },
    ),
    of(
      'past-2-32',
      { a: 'uint8', b: 'uint8', m: 1, n: 2, k: 66100 },
      { a: { data: [255] }, b: { data: [255, 254] }, aZeroPoint: { data: [0] }, bZeroPoint: { data: [0] } },
    ),
    of(
      'past-minus-2-31',
      { a: 'uint8', b: 'int8', m: 1, n: 2, k: 66100 },
      { a: { data: [255] }, b: { data: [-128, -127] }, aZeroPoint: { data: [0] }, bZeroPoint: { data: [0] } },
    ),
    // Neighbouring products that leave 16 bits together, as saturating pair instructions add them. Numerics 4.6.
    of(
      'pairs-255-127',
      { m: 1, n: 1, k: 2 },
      { a: { data: [255] }, b: { data: [127] }, aZeroPoint: { data: [0] }, bZeroPoint: { data: [0] } },
      'worked',
    ),
    of(
      'pairs-255-minus-128',
      { m: 1, n: 1, k: 64 },
      { a: { data: [255] }, b: { data: [-128] }, aZeroPoint: { data: [0] }, bZeroPoint: { data: [0] } },
      'worked',
    ),
    of(
      'vnni-2072640',
      { m: 1, n: 1, k: 64 },
      { a: { data: [255] }, b: { data: [127] }, aZeroPoint: { data: [0] }, bZeroPoint: { data: [0] } },
      'worked',
    ),
  ];
}
