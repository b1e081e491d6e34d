import type { GemmSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { tails } from './shared.ts';

const plain: GemmSpec = { batch: 1, m: 3, n: 5, k: 7, transposeA: false, transposeB: false, bias: false };

function of(
  name: string,
  change: Partial<GemmSpec>,
  inputs: Readonly<Record<string, Recipe>> = {},
): Case<'gemm'> {
  return makeCase('gemm', name, { ...plain, ...change }, inputs);
}

/** Magnitudes that make the order of the sums, and a contracted product, show. */
export const uneven: Recipe = { fill: 'log', lo: 0.001, hi: 1000 };

export function gemmCases(): readonly Case<'gemm'>[] {
  return [
    ...tails.flatMap((extent) => [
      of(`m-${extent}`, { m: extent }),
      of(`n-${extent}`, { n: extent }),
      of(`k-${extent}`, { k: extent }, { a: uneven, b: uneven }),
    ]),
    ...[false, true].flatMap((transposeA) =>
      [false, true].flatMap((transposeB) =>
        [false, true].map((bias) =>
          of(`layout-${transposeA ? 'km' : 'mk'}-${transposeB ? 'nk' : 'kn'}${bias ? '-bias' : ''}`, {
            transposeA,
            transposeB,
            bias,
            batch: 2,
            m: 9,
            n: 11,
            k: 13,
          }),
        ),
      ),
    ),
    ...[{ m: 0 }, { n: 0 }, { k: 0 }, { batch: 0 }, { k: 0, bias: true }].map((change, i) =>
      of(`empty-${i}`, change),
    ),
    of('clamp', { clamp: [0, 6], m: 8, n: 9 }),
    of('relu', { clamp: [0, Infinity], bias: true, m: 8, n: 9 }),
    of(
      'special',
      { m: 6, n: 6, k: 4, bias: true },
      { a: { fill: 'special' }, b: { fill: 'special' }, bias: { fill: 'special' } },
    ),
    of(
      'clamp-special',
      { m: 7, n: 6, k: 1, clamp: [-1, 1] },
      { a: { data: [NaN, Infinity, -Infinity, 0.5, -3, 0, 1] } },
    ),
    // 0 times infinity is NaN: no product is left out.
    of(
      'zeros-by-infinity',
      { m: 2, n: 2, k: 2 },
      { a: { data: [0, 1, 2, 3] }, b: { data: [Infinity, 1, 1, 2] } },
    ),
    // Both layouts have one shape.
    ...[false, true].map((transposeA) =>
      of(`square-${transposeA ? 'km' : 'mk'}`, { transposeA, m: 9, n: 9, k: 9 }),
    ),
    // Products and sums that only flushing would make 0.
    of(
      'subnormal',
      { m: 4, n: 4, k: 3 },
      { a: { fill: 'constant', value: 1e-20 }, b: { fill: 'constant', value: 3e-20 } },
    ),
    // 1 + 2^-24 is 1; the next term must find the rounded sum.
    of(
      'rounds-each-sum',
      { m: 1, n: 1, k: 4 },
      { a: { data: [1, 5.960464477539063e-8, 5.960464477539063e-8, 1] }, b: { data: [1, 1, 1, -1] } },
    ),
    // (1 + 2^-12)^2 has a bit below float32: a contracted multiply-add keeps it.
    of(
      'rounds-each-product',
      { m: 1, n: 1, k: 2 },
      { a: { data: [-1.00048828125, 1.000244140625] }, b: { data: [1, 1.000244140625] } },
    ),
  ];
}
