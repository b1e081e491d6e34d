import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { decomposeMultiplier, fixedMultiply } from '../../src/numerics/fixed-multiply.ts';

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
    for (let shift = -31; shift <= 31; shift++)
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
        next(-31, i % 10 === 0 ? 31 : 4),
      );
    }
  });

  test('is its formula around ties', () => {
    for (let shift = -12; shift <= 0; shift++) for (let x = -5000; x <= 5000; x++) check(x, 2 ** 30, shift);
  });
});

describe('decomposeMultiplier', () => {
  test.each([
    [0.005249343832, 1442928645, -7],
    [0.5, 2 ** 30, 0],
    [1, 2 ** 30, 1],
    [1.608829, Math.floor((1.608829 / 2) * 2 ** 31 + 0.5), 1],
    [0, 0, 0],
    [2 ** -32, 2 ** 30, -31],
    [2 ** -33, 0, 0],
    // A mantissa that rounds up to 1 moves to the next power of two.
    [1 - 2 ** -40, 2 ** 30, 1],
    [2 ** -32 - 2 ** -80, 2 ** 30, -31],
    // A tie goes away from zero.
    [(2 ** 31 - 1.5) / 2 ** 31, 2 ** 31 - 1, 0],
  ])('%d is %d * 2^(%d - 31)', (real, multiplier, shift) => {
    expect(decomposeMultiplier(real)).toEqual({ multiplier, shift });
  });

  test.each([-1, Number.NaN, Infinity, 2 ** 31])('refuses %d', (real) => {
    expect(() => decomposeMultiplier(real)).toThrow(
      expect.toSatisfy((error) => isHalftoneError(error, 'HT_INVALID_ARGUMENT')),
    );
  });
});
