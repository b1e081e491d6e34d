import { type CodeType, type FixedMode, softmaxFactors, softmaxTable } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { nameOfShape, shapes, short, signPairs, tails, zeroPoints } from './shared.ts';

export function lut256Cases(): readonly Case<'lut256'>[] {
  return signPairs.flatMap(([from, to]) => [
    makeCase('lut256', `every-code/${short(from, to)}`, { shape: [256], from, to }, { x: { fill: 'ramp' } }),
    makeCase(
      'lut256',
      `ramp/${short(from, to)}`,
      { shape: [512], from, to },
      { x: { fill: 'ramp' }, table: { fill: 'ramp' } },
    ),
    ...tails.map((n) => makeCase('lut256', `n-${n}/${short(from, to)}`, { shape: [n], from, to })),
    ...shapes.map((shape) =>
      makeCase('lut256', `shape-${nameOfShape(shape)}/${short(from, to)}`, { shape, from, to }),
    ),
  ]);
}

export function dynamicQuantizeCases(): readonly Case<'dynamicQuantize'>[] {
  const of = (name: string, n: number, x: Recipe): Case<'dynamicQuantize'> =>
    makeCase('dynamicQuantize', name, { shape: [n] }, { x });
  return [
    ...tails.map((n) => of(`n-${n}`, n, { fill: 'uniform', lo: -3, hi: 5 })),
    ...shapes.map((shape) => makeCase('dynamicQuantize', `shape-${nameOfShape(shape)}`, { shape })),
    of('positive', 100, { fill: 'uniform', lo: 2, hi: 5 }),
    of('negative', 100, { fill: 'uniform', lo: -5, hi: -2 }),
    of('zeros', 10, { fill: 'constant', value: 0 }),
    // [-1, 1]: the zero point is 127 in float32 and 128 in float64. Numerics 4.2.
    { ...of('unit', 5, { data: [-1, -0.5, 0, 0.5, 1] }), tags: ['worked'] },
    // NaN is no part of the range, wherever it stands.
    of('nan-first', 21, { data: [NaN, 1, -2, 3, NaN, 0.5, 2.5] }),
    of('nan-last', 21, { data: [1, -2, 3, NaN, 0.5, 2.5, NaN] }),
    of('nan-alone', 9, { fill: 'constant', value: NaN }),
    of('one-value', 1, { data: [3] }),
    of('tiny', 50, { fill: 'uniform', lo: -1e-37, hi: 2e-37 }),
    of('large', 50, { fill: 'uniform', lo: -1e30, hi: 1e30 }),
    of('outlier', 200, { data: [80, ...Array.from({ length: 199 }, (_, i) => ((i * 37) % 100) / 50 - 1)] }),
    of('grid', 300, { fill: 'ties', step: 0.25, steps: 60 }),
  ];
}

export function qsoftmaxCases(): readonly Case<'qsoftmax'>[] {
  const modes: readonly FixedMode[] = ['tflite-double', 'tflite-single', 'shift-floor'];
  const extents: readonly (readonly [outer: number, extent: number, inner: number])[] = [
    [1, 1, 1],
    [2, 10, 1],
    [3, 7, 5],
    [1, 256, 1],
    [1, 1000, 1],
    [0, 4, 1],
    [2, 0, 3],
    [1, 33, 17],
  ];
  return signPairs.flatMap(([from, to]) =>
    modes.flatMap((mode) => [
      belowTie(from, to, mode),
      ...extents.flatMap(([outer, extent, inner]) =>
        [0.01, 0.1, 2].map((sx) => {
          const { multiplier, shift } = softmaxFactors(1 / 256);
          return makeCase(
            'qsoftmax',
            `${outer}x${extent}x${inner}-scale-${sx}/${short(from, to)}/${mode}`,
            { outer, extent, inner, from, to, mode },
            {
              table: { data: [...softmaxTable(sx)] },
              multiplier: { data: [...multiplier] },
              shift: { data: [...shift!] },
              zeroPoint: { data: [zeroPoints(to)[0]!] },
            },
          );
        }),
      ),
    ]),
  );
}

/** A share of 50.5 steps less 2^-14, which a rounding in two parts makes 51 of them. */
function belowTie(from: CodeType, to: CodeType, mode: FixedMode): Case<'qsoftmax'> {
  const share = 101 * 8192 - 1;
  const { multiplier, shift } = softmaxFactors(1 / 256);
  const [lowest] = zeroPoints(from);
  return makeCase(
    'qsoftmax',
    `share-below-a-tie/${short(from, to)}/${mode}`,
    { outer: 1, extent: 2, inner: 1, from, to, mode },
    {
      x: { data: [lowest! + 1, lowest!] },
      table: { data: [share, 4194304 - share] },
      multiplier: { data: [...multiplier] },
      shift: { data: [...shift!] },
      zeroPoint: { data: [zeroPoints(to)[0]!] },
    },
  );
}
