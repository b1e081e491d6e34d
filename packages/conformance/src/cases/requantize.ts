import {
  fixedFactors,
  isFixedMode,
  type RequantizeMode,
  requantizeModes,
  type RequantizeSpec,
} from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { nameOfShape, shapes, short, signs, tails, zeroPoints } from './shared.ts';
import { telling, tellingSums } from './sums.ts';

function of(
  name: string,
  spec: RequantizeSpec,
  inputs: Readonly<Record<string, Recipe>> = {},
): Case<'requantize'> {
  const isForm = spec.mode !== 'ort-f32';
  const id = `${name}/${short(spec.to)}${isForm ? `/${spec.mode}` : ''}`;
  return makeCase(
    'requantize',
    id,
    spec,
    { x: { fill: 'uniform', lo: -9000, hi: 9000 }, ...inputs },
    ...(isForm ? ['form'] : []),
  );
}

/** The operands that scale by these reals in a mode. */
function factors(mode: RequantizeMode, ...reals: readonly number[]): Record<string, Recipe> {
  if (!isFixedMode(mode)) return { multiplier: { data: reals.map(Math.fround) } };
  const { multiplier, shift } = fixedFactors(reals);
  return { multiplier: { data: [...multiplier] }, shift: { data: [...shift] } };
}

function ofMode(mode: RequantizeMode): Case<'requantize'>[] {
  const shape = [500];
  const sums = tellingSums(mode);
  return signs.flatMap((to) => {
    const zero = (value: number): Recipe => ({ fill: 'constant', value });
    const middle = to === 'int8' ? 0 : 128;
    return [
      ...zeroPoints(to).flatMap((value) => [
        of(
          `ties-zero-${value}`,
          { shape, to, mode },
          { x: { fill: 'uniform', lo: -400, hi: 400 }, ...factors(mode, 0.5), zeroPoint: zero(value) },
        ),
        of(`random-zero-${value}`, { shape, to, mode }, { ...factors(mode, 0.0123), zeroPoint: zero(value) }),
        of(
          `telling-zero-${value}`,
          { shape: [sums.length], to, mode, axis: 0 },
          {
            x: { data: sums.map(([sum]) => sum) },
            ...factors(mode, ...sums.map(([, multiplier]) => multiplier)),
            zeroPoint: zero(value),
          },
        ),
      ]),
      // What is past int32 as a float is saturated before it is converted.
      of(
        'extremes',
        { shape, to, mode },
        { x: { fill: 'extremes' }, ...factors(mode, 0.9), zeroPoint: zero(middle) },
      ),
      of(
        'small-multiplier',
        { shape, to, mode },
        { x: { fill: 'extremes' }, ...factors(mode, 3e-8), zeroPoint: zero(middle) },
      ),
      // Products past int32 saturate; an integer conversion before that has no such number.
      of(
        'products-past-2-31',
        { shape, to, mode },
        { x: { fill: 'extremes' }, ...factors(mode, 3), zeroPoint: zero(middle) },
      ),
      of(
        'multiplier-above-1',
        { shape, to, mode },
        { x: { fill: 'uniform', lo: -90, hi: 90 }, ...factors(mode, 1.7), zeroPoint: zero(middle) },
      ),
      of(
        'clamp',
        { shape, to, mode, clamp: to === 'int8' ? [-5, 100] : [3, 200] },
        { ...factors(mode, 0.0123), zeroPoint: zero(middle) },
      ),
      of(
        'clamp-to-one',
        { shape, to, mode, clamp: [7, 7] },
        { ...factors(mode, 0.0123), zeroPoint: zero(middle) },
      ),
      of(
        'axis',
        { shape: [5, 6], to, mode, axis: 1 },
        { ...factors(mode, 0.01, 0.02, 0.5, 0.25, 0.003, 0.75), zeroPoint: zero(middle) },
      ),
      of(
        'axis-first',
        { shape: [6, 5], to, mode, axis: 0 },
        { ...factors(mode, 0.01, 0.02, 0.5, 0.25, 0.003, 0.75), zeroPoint: zero(middle) },
      ),
      ...telling.map(([x, multiplier]) =>
        of(
          `telling-${x}-${multiplier}`,
          { shape: [1], to, mode },
          { x: { data: [x] }, ...factors(mode, multiplier), zeroPoint: zero(middle) },
        ),
      ),
    ];
  });
}

export function requantizeCases(): readonly Case<'requantize'>[] {
  const mode = 'ort-f32';
  return [
    ...signs.flatMap((to) => tails.map((n) => of(`n-${n}`, { shape: [n], to, mode }))),
    ...signs.flatMap((to) => shapes.map((shape) => of(`shape-${nameOfShape(shape)}`, { shape, to, mode }))),
    // The accumulator is rounded to float32 before the product: 2^24 + 1 lands on a tie, and must not be past it.
    ...signs.map((to) =>
      of(
        'rounds-the-accumulator',
        { shape: [6], to, mode },
        {
          x: { data: [16777217, 16777219, -16777217, 33554434, 33554435, -33554435] },
          multiplier: { data: [2.5 / 16777216] },
          zeroPoint: { fill: 'constant', value: to === 'int8' ? 0 : 128 },
        },
      ),
    ),
    // Sums past 2^24 are rounded to float32 before the product.
    ...signs.map((to) =>
      of(
        'past-2-24',
        { shape: [400], to, mode },
        { x: { fill: 'uniform', lo: 16777216, hi: 50000000 }, multiplier: { data: [0.0000031] } },
      ),
    ),
    ...requantizeModes.flatMap(ofMode),
  ];
}
