import type { AnyCodeType, QuantizeSpec } from '@halftone/core';
import { type AnyCodeType as Code, codeRange, codeTypes } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { nameOfShape, shapes, short, signs, tails, zeroPoints } from './shared.ts';

const wide: Recipe = { fill: 'uniform', lo: -40, hi: 40 };

function of(
  name: string,
  spec: QuantizeSpec,
  inputs: Readonly<Record<string, Recipe>> = {},
): Case<'quantize'> {
  const isForm = spec.block !== undefined || (spec.to !== 'int8' && spec.to !== 'uint8');
  return makeCase(
    'quantize',
    `${name}/${short(spec.to)}`,
    spec,
    { x: wide, ...inputs },
    ...(isForm ? ['form'] : []),
  );
}

/** Where a scale and a zero point stand along an array: each axis, and blocks that do and do not fill it. */
function places(to: AnyCodeType): Case<'quantize'>[] {
  const axes = [0, 1, 2].map((axis) => of(`axis-${axis}`, { shape: [3, 4, 5], to, axis }));
  // Where two axes are as long, only the place tells them apart.
  const square = [0, 1, 2].map((axis) => of(`square-${axis}`, { shape: [4, 4, 4], to, axis }));
  const blocks = [
    [0, 2],
    [1, 2],
    [1, 3],
    [2, 1],
    [2, 3],
    [2, 9],
  ] as const;
  return [
    ...axes,
    ...square,
    ...blocks.map(([axis, block]) => of(`block-${axis}-${block}`, { shape: [3, 4, 5], to, axis, block })),
  ];
}

function values(to: Code): Case<'quantize'>[] {
  const [lo, hi] = codeRange(to);
  const shape = [400];
  const zero = (value: number): Recipe => ({ fill: 'constant', value });
  const ends = [lo, hi, lo + Math.floor((hi - lo) / 3)];
  return ends.flatMap((zeroPoint) => [
    of(
      `ties-step-1-zero-${zeroPoint}`,
      { shape, to },
      { x: { fill: 'ties', step: 1, steps: 300 }, scale: zero(1), zeroPoint: zero(zeroPoint) },
    ),
    of(
      `ties-step-0.1-zero-${zeroPoint}`,
      { shape, to },
      { x: { fill: 'ties', step: 0.1, steps: 300 }, scale: zero(0.1), zeroPoint: zero(zeroPoint) },
    ),
    of(`special-zero-${zeroPoint}`, { shape, to }, { x: { fill: 'special' }, zeroPoint: zero(zeroPoint) }),
    of(`extremes-zero-${zeroPoint}`, { shape, to }, { x: { fill: 'extremes' }, zeroPoint: zero(zeroPoint) }),
    of(
      `tiny-step-zero-${zeroPoint}`,
      { shape, to },
      { scale: zero(1.1754943508222875e-38), zeroPoint: zero(zeroPoint) },
    ),
    of(
      `subnormal-step-zero-${zeroPoint}`,
      { shape, to },
      { scale: zero(1e-40), x: { fill: 'uniform', lo: -3e-38, hi: 3e-38 }, zeroPoint: zero(zeroPoint) },
    ),
    of(
      `huge-step-zero-${zeroPoint}`,
      { shape, to },
      { scale: zero(3e38), x: { fill: 'special' }, zeroPoint: zero(zeroPoint) },
    ),
    // A product with 1 / scale rounds some of these to the other side of a tie.
    of(
      `division-zero-${zeroPoint}`,
      { shape: [3000], to },
      { x: { fill: 'ties', step: 0.1, steps: 128 }, scale: zero(0.1), zeroPoint: zero(zeroPoint) },
    ),
  ]);
}

export function quantizeCases(): readonly Case<'quantize'>[] {
  return [
    ...signs.flatMap((to) => tails.map((n) => of(`n-${n}`, { shape: [n], to }))),
    ...signs.flatMap((to) => shapes.map((shape) => of(`shape-${nameOfShape(shape)}`, { shape, to }))),
    ...signs.flatMap((to) =>
      zeroPoints(to).map((zero) =>
        of(
          `per-axis-one-zero-${zero}`,
          { shape: [4, 33], to, axis: 1 },
          { zeroPoint: { fill: 'constant', value: zero } },
        ),
      ),
    ),
    ...codeTypes.flatMap((to) => [...values(to), ...places(to)]),
    // GNMT-like rows: the scale of the row of zeros is 1.
    of(
      'zero-row',
      { shape: [2, 4], to: 'int8', axis: 0 },
      {
        x: { data: [0, 0, 0, 0, 1, -2, 3, -4] },
        scale: { data: [1, 4 / 127] },
        zeroPoint: { fill: 'constant', value: 0 },
      },
    ),
  ];
}
