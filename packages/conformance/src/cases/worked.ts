// Numbers that texts on quantization work out by hand, with the results that are right; where a text errs, the case says so.
import type { OpName } from '@halftone/core';
import { type Case, makeCase, type Recipe } from '../case.ts';

const lecture = 'CMSC5743 lecture 06, Quantization';
const article = 'Neural Network Quantization (the scheme of GNMT)';

const only = (...data: readonly number[]): Recipe => ({ data });

function stated<O extends OpName>(
  item: Case<O>,
  origin: string,
  expected: Readonly<Record<string, readonly number[]>>,
): Case<O> {
  return { ...item, origin, expected };
}

/** A product of codes as int32 sums; zero points 0. */
function product(
  name: string,
  m: number,
  n: number,
  k: number,
  a: readonly number[],
  b: readonly number[],
): Case<'qgemm'> {
  return makeCase(
    'qgemm',
    `worked-${name}`,
    {
      batch: 1,
      m,
      n,
      k,
      a: 'int8',
      b: 'int8',
      transposeB: false,
      bZeroPoint: 'per-tensor',
      bias: 'none',
      output: { type: 'int32' },
    },
    { a: only(...a), b: only(...b), aZeroPoint: only(0), bZeroPoint: only(0) },
    'worked',
  );
}

const weights = [0.0114, -0.0231, 0.0445, 0, 0, 0, -0.0409, -0.0435, -0.04];

const quantized: readonly Case<'quantize'>[] = [
  stated(
    makeCase(
      'quantize',
      'worked-scale-255',
      { shape: [3, 3], to: 'int8' },
      { x: only(...weights), scale: only(1 / 255), zeroPoint: only(0) },
      'worked',
    ),
    article,
    { y: [3, -6, 11, 0, 0, 0, -10, -11, -10] },
  ),
  // The row of zeros has the scale 1, where the text divides by 0.
  stated(
    makeCase(
      'quantize',
      'worked-rows',
      { shape: [3, 3], to: 'int8', axis: 0 },
      {
        x: only(...weights),
        scale: only(Math.fround(0.0445) / 127, 1, Math.fround(0.0435) / 127),
        zeroPoint: only(0, 0, 0),
      },
      'worked',
    ),
    article,
    { y: [33, -66, 127, 0, 0, 0, -119, -127, -117] },
  ),
  stated(
    makeCase(
      'quantize',
      'worked-matrix',
      { shape: [2, 2], to: 'int8' },
      { x: only(-1.54, 0.22, -0.26, 0.65), scale: only(2 / 127), zeroPoint: only(0) },
      'worked',
    ),
    `${lecture}: the range [-2, 2]`,
    { y: [-98, 14, -17, 41] },
  ),
  // 63.5 is a tie, and goes to even on both sides of 0.
  stated(
    makeCase(
      'quantize',
      'worked-bias-of-the-full-range',
      { shape: [4], to: 'int8' },
      { x: only(-2.2, -1.1, 1.1, 2.2), scale: only(Math.fround(2.2) / 128), zeroPoint: only(0) },
      'worked',
    ),
    `${lecture}: the full range, whose +absmax saturates`,
    { y: [-128, -64, 64, 127] },
  ),
  stated(
    makeCase(
      'quantize',
      'worked-restricted-range',
      { shape: [4], to: 'int8' },
      { x: only(-2.2, -1.1, 1.1, 2.2), scale: only(Math.fround(2.2) / 127), zeroPoint: only(0) },
      'worked',
    ),
    `${lecture}: the restricted range`,
    { y: [-127, -64, 64, 127] },
  ),
  stated(
    makeCase(
      'quantize',
      'worked-unit-line',
      { shape: [9], to: 'uint8' },
      { x: only(-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 0.75, 1), scale: only(2 / 255), zeroPoint: only(128) },
      'worked',
    ),
    'the line [-1, 1] over uint8 with zero point 128; the float32 step is a little more than 2 / 255, so -1 is no tie',
    { y: [1, 32, 64, 96, 128, 160, 192, 224, 255] },
  ),
];

const products: readonly Case<'qgemm'>[] = [
  stated(
    product('matrix-by-vector', 2, 1, 2, [-98, 14, -17, 41], [44, -65]),
    `${lecture}: matrix multiply and requantize`,
    { y: [-5222, -3413] },
  ),
  stated(
    product('bias-of-the-full-range', 1, 1, 4, [-128, -64, 64, 127], [127, 77, 77, 127]),
    `${lecture}: a product that is 0 in reals`,
    { y: [-127] },
  ),
  stated(
    product('restricted-range', 1, 1, 4, [-127, -64, 64, 127], [127, 76, 76, 127]),
    `${lecture}: the restricted range has no such bias`,
    { y: [0] },
  ),
];

/** -5222 * 0.0052493438 is -27.41; -3413 times it is -17.92. */
const requantized: readonly Case<'requantize'>[] = [
  stated(
    makeCase(
      'requantize',
      'worked-matrix-by-vector',
      { shape: [2], to: 'int8', mode: 'ort-f32' },
      { x: only(-5222, -3413), multiplier: only(0.0052493438), zeroPoint: only(0) },
      'worked',
    ),
    `${lecture}: matrix multiply and requantize`,
    { y: [-27, -18] },
  ),
];

const worked: readonly Case[] = [...quantized, ...products, ...requantized] as readonly Case[];

/** Worked examples of an op. */
export function workedCases<O extends OpName>(op: O): readonly Case<O>[] {
  return worked.filter((item) => item.op === op) as unknown as readonly Case<O>[];
}
