import { describe, expect, test } from 'vitest';
import { fixedMultiply } from '../../src/numerics/fixed-multiply.ts';

const MIN = -(2n ** 31n);
const MAX = 2n ** 31n - 1n;

function saturate(x: bigint): bigint {
  return x < MIN ? MIN : x > MAX ? MAX : x;
}

/** The formulas of the specification, spelled with integers of any length. */
const oracle = {
  'tflite-double'(x: bigint, q: bigint, shift: bigint): bigint {
    const left = shift > 0n ? saturate(x << shift) : x;
    const product = left * q;
    const high = (product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n);
    if (shift >= 0n) return high;
    const mask = (1n << -shift) - 1n;
    const threshold = (mask >> 1n) + (high < 0n ? 1n : 0n);
    return (high >> -shift) + ((high & mask) > threshold ? 1n : 0n);
  },
  'tflite-single': (x: bigint, q: bigint, shift: bigint): bigint =>
    saturate((x * q + (shift < 31n ? 1n << (30n - shift) : 0n)) >> (31n - shift)),
  'shift-floor': (x: bigint, q: bigint, shift: bigint): bigint => saturate((x * q) >> (31n - shift)),
};

function integers(seed: number): (lo: number, hi: number) => number {
  let state = seed;
  return (lo, hi) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return lo + Math.floor((state / 2 ** 32) * (hi - lo + 1));
  };
}

const edges = [
  0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  255,
  -255,
  2 ** 15,
  -(2 ** 15),
  2 ** 16 - 1,
  2 ** 30,
  -(2 ** 30),
  2 ** 31 - 1,
  -(2 ** 31),
];

describe.each(['tflite-double', 'tflite-single', 'shift-floor'] as const)('%s', (mode) => {
  const check = (x: number, q: number, shift: number): void => {
    const got = fixedMultiply[mode](x, q, shift);
    const expected = Number(oracle[mode](BigInt(x), BigInt(q), BigInt(shift)));
    if (got !== expected) expect.fail(`${x} * ${q}, shift ${shift}: ${got}, not ${expected}`);
  };

  test('is its formula at every shift and edge', () => {
    for (let shift = -31; shift <= 30; shift++)
      for (const x of edges)
        for (const q of [0, 2 ** 30, 2 ** 30 + 1, 1431655765, 2 ** 31 - 1]) check(x, q, shift);
  });

  test('is its formula at random', () => {
    const next = integers(7);
    for (let i = 0; i < 100_000; i++) {
      const width = next(1, 31);
      check(
        next(-(2 ** width), 2 ** width - 1),
        next(2 ** 30, 2 ** 31 - 1),
        next(-31, i % 10 === 0 ? 30 : 4),
      );
    }
  });

  test('gives no negative zero', () => {
    for (const x of [-1, 0])
      for (const shift of [-31, -1, 0]) expect(Object.is(fixedMultiply[mode](x, 0, shift), -0)).toBe(false);
  });

  test('is its formula around ties', () => {
    for (let shift = -12; shift <= 0; shift++) for (let x = -5000; x <= 5000; x++) check(x, 2 ** 30, shift);
  });
});
