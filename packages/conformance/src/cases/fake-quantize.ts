import { codeRange, codeTypes } from '@halftone/core';
import { type Case, makeCase } from '../case.ts';
import { nameOfShape, shapes, short, tails } from './shared.ts';

export function fakeQuantizeCases(): readonly Case<'fakeQuantize'>[] {
  return codeTypes.flatMap((dtype) => {
    const [lo, hi] = codeRange(dtype);
    const of = (name: string, spec: object, inputs: object = {}): Case<'fakeQuantize'> =>
      makeCase(
        'fakeQuantize',
        `${name}/${short(dtype)}`,
        { shape: [3, 4, 5], dtype, ...spec },
        { x: { fill: 'uniform', lo: -20, hi: 20 }, zeroPoint: { fill: 'uniform', lo, hi }, ...inputs },
      );
    return [
      ...tails.map((n) => of(`n-${n}`, { shape: [n] })),
      ...shapes.map((shape) => of(`shape-${nameOfShape(shape)}`, { shape })),
      ...[0, 1, 2].map((axis) => of(`axis-${axis}`, { axis })),
      ...[0, 1, 2].map((axis) => of(`block-${axis}`, { axis, block: 2 })),
      of('ties', { shape: [300] }, { x: { fill: 'ties', step: 0.5, steps: 100 }, scale: { data: [0.5] } }),
      of('special', { shape: [300] }, { x: { fill: 'special' } }),
    ];
  });
}
