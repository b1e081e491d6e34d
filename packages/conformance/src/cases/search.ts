// Products of signs, and the first elements of rows: what searching for neighbours is made of.
import type { TopKSpec, TopKType } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { tails } from './shared.ts';

const ones: Recipe = { fill: 'constant', value: 255 };
const zeros: Recipe = { fill: 'constant', value: 0 };

/** Around whole bytes, words and vectors of bits, and where counts leave 8 and 16 bits. */
const widths: readonly number[] = [
  ...tails,
  519,
  1016,
  1023,
  1025,
  2040,
  2047,
  2049,
  4088,
  4095,
  4097,
  8159,
  8191,
  8193,
  16383,
  16385,
  32769,
  65535,
  65537,
  131073,
];

/** Bits past k are drawn like all others: a row's last byte is seldom one of `packSigns`. */
export function bgemmCases(): readonly Case<'bgemm'>[] {
  const of = (
    name: string,
    [m, n, k]: readonly [number, number, number],
    inputs: Readonly<Record<string, Recipe>> = {},
  ): Case<'bgemm'> => makeCase('bgemm', name, { m, n, k }, inputs);
  return [
    ...tails.flatMap((extent) => [of(`m-${extent}`, [extent, 5, 43]), of(`n-${extent}`, [3, extent, 37])]),
    ...widths.flatMap((k) => [
      of(`k-${k}`, [2, 3, k]),
      of(`k-${k}-opposite`, [2, 19, k], { a: ones, b: zeros }),
      of(`k-${k}-alike`, [9, 2, k], { a: ones, b: ones }),
    ]),
    ...(
      [
        [0, 3, 9],
        [3, 0, 9],
        [3, 4, 0],
        [0, 0, 0],
        [1, 1, 1],
        [33, 65, 64],
        [64, 64, 512],
        [65, 67, 71],
        [70, 130, 1030],
        [40, 33, 4103],
        [13, 70, 20011],
        [100, 70, 1030],
        [130, 66, 521],
      ] as const
    ).map(([m, n, k]) => of(`corner-${m}x${n}x${k}`, [m, n, k])),
  ];
}

const types: readonly TopKType[] = ['float32', 'int32', 'int8', 'uint8'];

/** Elements of a type, by what is special about them. */
function elementsOf(dtype: TopKType): readonly (readonly [name: string, recipe: Recipe])[] {
  const kinds: (readonly [string, Recipe])[] = [
    ['spread', dtype === 'float32' ? { fill: 'uniform' } : { fill: 'extremes' }],
    // Few values, so that many are equal.
    ['equal', { fill: 'uniform', lo: 0, hi: dtype === 'float32' ? 0 : 3 }],
  ];
  if (dtype === 'float32')
    kinds.push(
      ['special', { fill: 'special' }],
      ['nan-alone', { fill: 'constant', value: NaN }],
      ['nan-and-infinity', { data: [Infinity, NaN, -Infinity, 1, NaN, Infinity, -1] }],
      ['zeros', { data: [0, -0, -0, 0, 1e-45, -1e-45, 0] }],
    );
  // Neighbours that are one in float32, and differences that leave int32.
  if (dtype === 'int32')
    kinds.push(['near', { data: [16777217, 16777216, -2147483648, 2147483647, 16777219, 0, -5] }]);
  return kinds;
}

type Size = readonly [outer: number, extent: number, inner: number, k: number];

const sizes: readonly Size[] = [
  [1, 1, 1, 1],
  [2, 7, 1, 3],
  [3, 9, 2, 9],
  [1, 40, 5, 6],
  [1, 300, 1, 10],
  [2, 1029, 1, 4],
  [1, 2100, 1, 100],
  [1, 65, 1, 65],
  [0, 5, 1, 2],
  [3, 5, 0, 2],
  [2, 6, 1, 0],
  [2, 0, 3, 0],
];

export function topKCases(): readonly Case<'topK'>[] {
  const of = (
    name: string,
    dtype: TopKType,
    [outer, extent, inner, k]: Size,
    largest: boolean,
    x: Recipe,
  ): Case<'topK'> => {
    const spec: TopKSpec = { dtype, outer, extent, inner, k, largest };
    return makeCase('topK', `${largest ? 'largest' : 'smallest'}-${name}/${dtype}`, spec, { x });
  };
  return types.flatMap((dtype) =>
    [true, false].flatMap((largest) => [
      ...elementsOf(dtype).flatMap(([name, recipe]) =>
        sizes.map((size) => of(`${size.join('x')}-${name}`, dtype, size, largest, recipe)),
      ),
      ...tails.map((n) => of(`n-${n}`, dtype, [2, n, 1, Math.min(n, 3)], largest, elementsOf(dtype)[0]![1])),
      // The extreme stands at one place, each in turn of the last ones of a row.
      ...[1, 64, 70].map((back) =>
        of(`last-but-${back}`, dtype, [1, 200, 1, 2], largest, {
          data: Array.from({ length: 200 }, (_, i) => (i === 200 - back ? (largest ? 9 : 1) : 5)),
        }),
      ),
    ]),
  );
}
