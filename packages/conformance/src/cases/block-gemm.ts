import type { BlockComputation, BlockGemmSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { uneven } from './gemm.ts';
import { tails } from './shared.ts';

const plain: BlockGemmSpec = {
  m: 3,
  n: 5,
  k: 71,
  b: 'uint4',
  block: 32,
  layout: 'nbits',
  bias: false,
  computation: 'int8-block',
};

function of(
  name: string,
  change: Partial<BlockGemmSpec>,
  inputs: Readonly<Record<string, Recipe>> = {},
): Case<'blockGemm'> {
  const spec = { ...plain, ...change };
  return makeCase('blockGemm', `${name}/${spec.computation}`, spec, inputs);
}

const computations: readonly BlockComputation[] = ['int8-block', 'dequant-f32', 'bf16'];
const weights: readonly (readonly [layout: BlockGemmSpec['layout'], b: BlockGemmSpec['b']])[] = [
  ['nbits', 'uint4'],
  ['nbits', 'uint8'],
  ['rows', 'int4'],
  ['rows', 'uint4'],
  ['rows', 'int8'],
  ['rows', 'uint8'],
];

/** Steps of either sign. */
const signed: Recipe = { fill: 'uniform', lo: -0.125, hi: 0.125 };
const ends: Recipe = { fill: 'extremes' };
/** The zero point that formats have where none is given, in both nibbles. */
const middle: Recipe = { fill: 'constant', value: 0x88 };

function ofComputation(computation: BlockComputation): Case<'blockGemm'>[] {
  const at = (
    name: string,
    change: Partial<BlockGemmSpec>,
    inputs: Readonly<Record<string, Recipe>> = {},
  ): Case<'blockGemm'> => of(name, { computation, ...change }, inputs);
  return [
    ...weights.flatMap(([layout, b]) =>
      [16, 32, 64, 128, 256].flatMap((block) => [
        at(`${layout}-${b}-${block}`, { layout, b, block, k: 2 * block + 7 }, { scale: signed }),
        at(
          `${layout}-${b}-${block}-tiles`,
          { layout, b, block, m: 35, n: 37, k: 2 * block, bias: true },
          { b: ends },
        ),
      ]),
    ),
    ...tails.flatMap((extent) => [
      at(`m-${extent}`, { m: extent, n: 17, k: 40 }, { zeroPoint: middle }),
      at(`n-${extent}`, { n: extent, k: 64, bias: extent % 2 === 0 }),
      at(`k-${extent}`, { m: 2, n: 19, k: extent, block: 16 }, { zeroPoint: middle }),
      at(`k-${extent}-32`, { m: 18, n: 3, k: extent, layout: 'rows', b: 'int4' }),
    ]),
    ...[{ m: 0 }, { n: 0 }, { k: 0 }, { k: 0, bias: true }].map((change, i) => at(`empty-${i}`, change)),
    at('large', { m: 40, n: 70, k: 1100, block: 64 }, { scale: signed }),
    // Blocks of many sizes: what is small beside another block is large in its own.
    at('uneven', { m: 20, n: 33, k: 320, bias: true }, { a: uneven, scale: uneven, bias: uneven }),
    at('uneven-row', { m: 1, n: 33, k: 320, bias: true }, { a: uneven, scale: uneven, bias: uneven }),
    at('uneven-bytes', { m: 20, n: 33, k: 320, b: 'uint8' }, { a: uneven, scale: uneven }),
    // The largest sums of a block that there are.
    at(
      'extremes',
      { m: 17, n: 18, k: 512, block: 256, b: 'uint8' },
      { a: { data: [1, -1, 1] }, b: ends, zeroPoint: ends },
    ),
    at('extremes-4', { m: 17, n: 18, k: 512, block: 256 }, { a: { data: [2] }, b: ends, zeroPoint: ends }),
    at('zeros', { m: 4, n: 20, k: 96 }, { a: { fill: 'constant', value: 0 } }),
    at(
      'same-sign',
      { m: 18, n: 20, k: 2048 },
      { a: { fill: 'log', lo: 0.5, hi: 2 }, zeroPoint: { fill: 'constant', value: 0 } },
    ),
  ];
}

/** Elements whose quotient by the scale is a tie, or just beside one: the largest is 127, so that r is 1. */
const ties: Recipe = {
  data: [
    127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, -126.5, 0.49999997, 3.5000002, -127, 64.5, -65.5, 5.5, 6.5,
  ],
};

export function blockGemmCases(): readonly Case<'blockGemm'>[] {
  return [
    ...computations.flatMap(ofComputation),
    of('ties', { m: 3, n: 17, k: 64 }, { a: ties }),
    of('ties-bytes', { m: 17, n: 17, k: 64, b: 'uint8', block: 16 }, { a: ties }),
    of('uniform', { m: 40, n: 9, k: 256 }, { a: { fill: 'uniform', lo: -1, hi: 1 }, scale: signed }),
    // The quotients by sa are ties, and the products by r lie just below them.
    of(
      'reciprocal',
      { m: 3, n: 17, k: 64 },
      {
        a: {
          data: [
            1.7093665599822998, 0.04710852727293968, 0.10094684362411499, 0.1278659999370575, 0.15478515625,
            0.1817043125629425, 0.26246178150177,
          ],
        },
      },
    ),
    // The largest value is negative.
    of('negative', { m: 4, n: 9, k: 64 }, { a: { fill: 'uniform', lo: -3, hi: 0.5 } }),
    // r overflows, or is just finite; sa is subnormal.
    of('tiny', { m: 20, n: 17, k: 64 }, { a: { data: [1e-38, -3e-37, 0, 1e-45, 2e-39] } }),
    of('tiny-finite', { m: 20, n: 17, k: 64 }, { a: { data: [3.8e-37, -3e-37, 0, 1e-45, 2e-39] } }),
    of('huge', { m: 3, n: 17, k: 64 }, { a: ends }),
    // A row of three has a NaN or an infinity.
    of(
      'special',
      { m: 6, n: 17, k: 64, bias: true },
      { a: { data: [...Array.from({ length: 190 }, (_, i) => i / 64), NaN, 1, 2, Infinity, 3] } },
    ),
    of('special-tiles', { m: 18, n: 17, k: 64 }, { a: { fill: 'special' } }),
    // The bias comes last, and is rounded once.
    of('bias', { m: 3, n: 17, k: 96, bias: true }, { bias: { fill: 'uniform', lo: 1e6, hi: 1e8 } }),
    {
      // q = [127, -64, 1, 0 ..], sa = 1: 127 * 7 - 64 * -8 + 1 * 1 = 1402, times 0.5; the tie -63.5 goes to -64.
      ...of(
        'worked',
        { m: 1, n: 1, k: 16, block: 16 },
        {
          a: { data: [127, -63.5, 1, ...Array.from({ length: 13 }, () => 0.25)] },
          b: { data: [0x0f, 0x09, 0, 0, 0, 0, 0, 0] },
          scale: { data: [0.5] },
          zeroPoint: { data: [0x88] },
        },
      ),
      expected: { y: [701] },
      origin: 'worked by hand',
    },
  ];
}
