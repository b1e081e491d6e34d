import { addFactors, broadcastShape, codeRange, sizeOf } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { integer, nearestEven, random, randomCodes, randomFloats, run, signs } from './support.ts';

const { fround } = Math;
const pairs: [a: number[], b: number[]][] = [
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  [[2, 3, 4], [4]],
  [
    [2, 3, 4],
    [3, 1],
  ],
  [
    [2, 1, 4],
    [1, 3, 1],
  ],
  [[5], [2, 2, 5]],
  [[], [2, 3]],
  [[3], []],
  [[], []],
  [
    [1, 1, 1],
    [2, 2, 2],
  ],
  [
    [2, 3, 1, 5],
    [3, 4, 1],
  ],
  [[0, 3], [3]],
  [
    [2, 1],
    [2, 0],
  ],
];

/** Index into an operand of each element of the broadcast result, from its coordinates. */
function sources(operand: readonly number[], result: readonly number[]): number[] {
  return Array.from({ length: sizeOf(result) }, (_, at) => {
    let index = 0;
    for (let i = 0; i < operand.length; i++) {
      const axis = result.length - operand.length + i;
      const coordinate = Math.floor(at / sizeOf(result.slice(axis + 1))) % result[axis]!;
      index = index * operand[i]! + (operand[i] === 1 ? 0 : coordinate);
    }
    return index;
  });
}

describe('qadd', () => {
  it.each([
    [0.1, 0.1, 0.2, 0, 7, 4],
    [0.05, 0.1, 0.3, 1, 1, 64],
    [0.05, 0.1, 0.3, 1, 70, 88],
    // With one rounding left out, or all but the last: 61, 71.
    [0.29, 0.21, 0.1, 100, 135, 62],
    [0.43, 0.47, 0.12, 183, 63, 70],
  ])('scales %d and %d to %d: codes %d and %d give %d', async (sa, sb, sy, a, b, y) => {
    const factors = addFactors(
      'ort-x86',
      { scale: sa, zeroPoint: 128 },
      { scale: sb, zeroPoint: 128 },
      { scale: sy, zeroPoint: 128 },
    ).data as Float32Array;
    expect(
      (
        await run(
          'qadd',
          { aShape: [1], bShape: [1], dtype: 'uint8', mode: 'ort-x86' },
          { a: [a], b: [b], factors },
        )
      ).y,
    ).toEqual(Uint8Array.of(y));
  });

  it.each(signs)(
    'adds the zero point before rounding, saturates, clamps and broadcasts, %s',
    async (dtype) => {
      const next = random(41);
      for (const [aShape, bShape] of pairs) {
        for (const clamp of [undefined, [codeRange(dtype)[0] + 30, codeRange(dtype)[1] - 40]] as const) {
          const a = randomCodes(next, dtype, sizeOf(aShape));
          const b = randomCodes(next, dtype, sizeOf(bShape));
          const factors = [0.5 + next(), 1 + next(), integer(next, -60, 60) + 0.5].map(fround);
          const shape = broadcastShape('test', aShape, bShape);
          const [ia, ib] = [sources(aShape, shape), sources(bShape, shape)];
          const [lo, hi] = clamp ?? codeRange(dtype);
          const expected = ia.map((at, i) => {
            const [p, t] = [Float32Array.of(a[at]!), new Float32Array(1)];
            p[0] = p[0]! * factors[0]!;
            t[0] = factors[2]! + p[0];
            p[0] = b[ib[i]!]! * factors[1]!;
            t[0] = t[0] + p[0];
            return Math.min(Math.max(nearestEven(t[0]), lo), hi);
          });
          const spec = { aShape, bShape, dtype, mode: 'ort-x86', ...(clamp ? { clamp } : {}) } as const;
          expect(Array.from((await run('qadd', spec, { a, b, factors })).y!)).toEqual(expected);
        }
      }
    },
  );

  it('rounds a tie with the zero point in it to even', async () => {
    const spec = { aShape: [4], bShape: [1], dtype: 'int8', mode: 'ort-x86' } as const;
    expect((await run('qadd', spec, { a: [1, 3, 5, 7], b: [0], factors: [0.5, 1, 1] })).y).toEqual(
      Int8Array.of(2, 2, 4, 4),
    );
  });
});

describe('binary', () => {
  const functions = {
    add: (a: number, b: number) => a + b,
    sub: (a: number, b: number) => a - b,
    mul: (a: number, b: number) => a * b,
    div: (a: number, b: number) => a / b,
  };
  it.each(Object.keys(functions) as (keyof typeof functions)[])(
    '%s broadcasts, rounds once and clamps',
    async (name) => {
      const next = random(42);
      for (const [aShape, bShape] of pairs) {
        for (const clamp of [undefined, [-0.5, 0.75]] as const) {
          const a = randomFloats(next, sizeOf(aShape));
          const b = randomFloats(next, sizeOf(bShape));
          const shape = broadcastShape('test', aShape, bShape);
          const [ia, ib] = [sources(aShape, shape), sources(bShape, shape)];
          const expected = Float32Array.from(ia, (at, i) => functions[name](a[at]!, b[ib[i]!]!));
          const spec = { function: name, aShape, bShape, ...(clamp ? { clamp } : {}) } as const;
          const { y } = await run('binary', spec, { a, b });
          expect(y).toEqual(clamp ? expected.map((v) => Math.min(Math.max(v, -0.5), 0.75)) : expected);
        }
      }
    },
  );
});
