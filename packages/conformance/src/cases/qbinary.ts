import { addFactors, mulFactors, type QBinaryMode, type ScalarParams } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';
import { broadcasts, nameOfShape, short, signs, tails, zeroPoints } from './shared.ts';

const modes: readonly QBinaryMode[] = [
  'ort-x86',
  'decomposed',
  'tflite-double',
  'tflite-single',
  'shift-floor',
];

type Binary = 'qadd' | 'qmul';

/** Scales of both operands and of the result; the codes of the last fill its range. */
const scales: { readonly [O in Binary]: readonly (readonly [a: number, b: number, y: number])[] } = {
  qadd: [
    [0.05, 0.1, 0.12],
    [0.1, 0.1, 0.2],
    [0.5, 0.25, 0.5],
    // Many sums are ties but for the last of the 20 bits that the fixed modes shift by.
    [0.13199999928474426, 0.07699999958276749, 0.10000000149011612],
  ],
  qmul: [
    [0.05, 0.1, 0.4],
    [0.1, 0.1, 1],
    [0.5, 0.25, 16],
  ],
};

function casesOf<O extends Binary>(op: O): Case<O>[] {
  const all: readonly Recipe[] = [{ fill: 'ramp' }, { fill: 'ramp' }];
  const factorsOf = op === 'qadd' ? addFactors : mulFactors;
  const list: Case<O>[] = [];
  for (const dtype of signs) {
    for (const mode of modes) {
      const add = (
        name: string,
        shapes: readonly (readonly number[])[],
        parameters: readonly ScalarParams[],
        inputs: Readonly<Record<string, Recipe>> = {},
        clamp?: readonly [number, number],
      ): void => {
        const [a, b, y] = parameters as [ScalarParams, ScalarParams, ScalarParams];
        const factors = [...(factorsOf(mode, a, b, y).data as Float32Array)];
        const spec = { aShape: shapes[0]!, bShape: shapes[1]!, dtype, mode, ...(clamp ? { clamp } : {}) };
        list.push(
          makeCase(op, `${name}/${short(dtype)}/${mode}`, spec as never, {
            ...inputs,
            factors: { data: factors },
          }),
        );
      };
      const of = (scale: number, zeroPoint: number): ScalarParams => ({ scale, zeroPoint });
      const middle = dtype === 'int8' ? 0 : 128;
      const [sa, sb, sy] = scales[op][0]!;
      const usual = [of(sa, middle), of(sb, middle - 3), of(sy, middle + 2)];
      for (const [a, b] of broadcasts) add(`${nameOfShape(a)}-by-${nameOfShape(b)}`, [a, b], usual);
      for (const n of tails) add(`n-${n}`, [[n], [n]], usual);
      // Every pair of codes.
      scales[op].forEach(([a, b, y], i) => {
        const parameters = [of(a, middle), of(b, middle - 3), of(y, middle + 2)];
        add(`all-pairs-${i}`, [[256, 1], [256]], parameters, { a: all[0]!, b: all[1]! });
      });
      for (const zero of zeroPoints(dtype))
        add(`zeros-${zero}`, [[256, 1], [256]], [of(sa, zero), of(sb, zero), of(sy, zero)], {
          a: all[0]!,
          b: all[1]!,
        });
      add('clamp', [[300], [300]], usual, {}, [middle, middle + 60]);
    }
  }
  return list;
}

export const qaddCases = (): readonly Case<'qadd'>[] => casesOf('qadd');
export const qmulCases = (): readonly Case<'qmul'>[] => casesOf('qmul');
