import { codeRange, codeTypes, type DequantizeSpec } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { nameOfShape, shapes, short, signs, tails, zeroPoints } from './shared.ts';

function of(
  name: string,
  spec: DequantizeSpec,
  inputs: Readonly<Record<string, Recipe>> = {},
): Case<'dequantize'> {
  const isForm = spec.block !== undefined || !['int8', 'uint8', 'int32'].includes(spec.from);
  // A narrow type stands in bytes, which hold more than its codes.
  const [lo, hi] = spec.from === 'int32' ? [-2147483648, 2147483647] : codeRange(spec.from);
  const codes: Recipe = { fill: 'uniform', lo, hi };
  const usual = spec.from === 'int32' ? { x: codes } : { x: codes, zeroPoint: codes };
  return makeCase(
    'dequantize',
    `${name}/${short(spec.from)}`,
    spec,
    { ...usual, ...inputs },
    ...(isForm ? ['form'] : []),
  );
}

export function dequantizeCases(): readonly Case<'dequantize'>[] {
  const types = [...signs, 'int32'] as const;
  return [
    ...types.flatMap((from) => tails.map((n) => of(`n-${n}`, { shape: [n], from }))),
    ...types.flatMap((from) => shapes.map((shape) => of(`shape-${nameOfShape(shape)}`, { shape, from }))),
    ...types.flatMap((from) =>
      [0, 1, 2].flatMap((axis) => [
        of(`axis-${axis}`, { shape: [3, 4, 5], from, axis }),
        of(`square-${axis}`, { shape: [4, 4, 4], from, axis }),
      ]),
    ),
    ...signs.flatMap((from) =>
      zeroPoints(from).map((zero) =>
        of(
          `all-codes-zero-${zero}`,
          { shape: [256], from },
          { x: { fill: 'ramp' }, zeroPoint: { fill: 'constant', value: zero } },
        ),
      ),
    ),
    ...codeTypes.flatMap((from) =>
      (
        [
          [0, 2],
          [1, 3],
          [2, 2],
          [2, 9],
        ] as const
      ).map(([axis, block]) => of(`block-${axis}-${block}`, { shape: [3, 4, 5], from, axis, block })),
    ),
    // Past 2^24 the code is rounded to float32 before the product, and not the product alone.
    of(
      'int32-rounds-first',
      { shape: [6], from: 'int32' },
      {
        x: { data: [16777217, 16777219, -16777217, 2147483647, -2147483648, 33554435] },
        scale: { data: [0.1] },
      },
    ),
    of('int32-extremes', { shape: [300], from: 'int32' }, { x: { fill: 'extremes' } }),
    ...types.flatMap((from) => [
      of('huge-step', { shape: [64], from }, { scale: { data: [3e38] } }),
      of('subnormal-step', { shape: [64], from }, { scale: { data: [1e-40] } }),
    ]),
  ];
}
