import { describe, expect, test } from 'vitest';
import { fixedPoint } from '../../src/numerics/fixed-point.ts';
import {
  multiplyByQuantizedMultiplierDouble as double,
  multiplyByQuantizedMultiplierFloor as floor,
  multiplyByQuantizedMultiplierSingle as single,
  requantizeOnnxRef,
} from '../../src/numerics/requantize-modes.ts';
import { requantizeMultiplier, requantizeOrtF32 } from '../../src/numerics/requantize.ts';
import { readVectors } from './vectors.ts';

const MIN = -2147483648;
const MAX = 2147483647;
const int32 = (v: bigint) => Number(BigInt.asIntN(32, v));

/** The definitions, in integers of any size. */
const oracle = {
  double(x: number, q: number, shift: number): number {
    const left = BigInt(Math.max(shift, 0));
    const [a, b] = [BigInt.asIntN(32, BigInt(x) << left), BigInt(q)];
    const product = a * b;
    const nudged = product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n));
    const high = a === b && a === BigInt(MIN) ? BigInt(MAX) : nudged / (1n << 31n);
    const right = BigInt(Math.max(-shift, 0));
    const mask = (1n << right) - 1n;
    const threshold = (mask >> 1n) + (high < 0n ? 1n : 0n);
    return Number((high >> right) + ((high & mask) > threshold ? 1n : 0n));
  },
  single(x: number, q: number, shift: number): number {
    const total = BigInt(31 - shift);
    return int32((BigInt(x) * BigInt(q) + (1n << (total - 1n))) >> total);
  },
  floor(x: number, q: number, shift: number): number {
    return int32((BigInt(x) * BigInt(q)) >> BigInt(31 - shift));
  },
};

const compare = (x: number, q: number, shift: number) => {
  // One expectation a call would take most of the time.
  if (double(x, q, shift) !== oracle.double(x, q, shift)) expect([x, q, shift, 'double']).toBe('equal');
  if (floor(x, q, shift) !== oracle.floor(x, q, shift)) expect([x, q, shift, 'floor']).toBe('equal');
  if (q >= 0 && single(x, q, shift) !== oracle.single(x, q, shift))
    expect([x, q, shift, 'single']).toBe('equal');
};

/** Numerical Recipes' generator: a test needs no better one. */
function words(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state ^ (state >>> 15);
  };
}

describe('fixed-point multipliers', () => {
  test('agree with 64-bit integers at every edge', () => {
    const powers = Array.from({ length: 31 }, (_, k) => 2 ** k);
    const xs = [0, MIN, MAX, MIN + 1, MAX - 1, ...powers, ...powers.map((p) => -p), 3, -3, 65535, -65537];
    const qs = [0, 1, MIN, MAX, 2 ** 30, 2 ** 30 + 1, 2 ** 16, 65535, 3 * 2 ** 29, 1442928645, -1, MIN + 1];
    for (const x of xs) for (const q of qs) for (let shift = -31; shift <= 30; shift++) compare(x, q, shift);
    expect(double(MIN, MIN, 0)).toBe(MAX);
    expect(double(3, 2 ** 30, 31)).toBe(oracle.double(3, 2 ** 30, 31));
  });

  test('agree with 64-bit integers on 200000 random triples', () => {
    const next = words(7);
    for (let i = 0; i < 200_000; i++) {
      const x = next() >> (i % 32);
      compare(x, next() >>> 1, ((next() >>> 3) % 62) - 31);
    }
  });

  test('agree on ties: products of exactly half', () => {
    for (let x = -41; x <= 41; x++) for (let shift = -12; shift <= 2; shift++) compare(x, 2 ** 30, shift);
  });

  test.each([
    [1, 0.5, 1, 1, 0, 0],
    [-1, 0.5, 0, 0, 0, -1],
    [-3, 0.5, -1, -1, -2, -2],
    [1, 0.25, 1, 0, 0, 0],
    [-5222, 0.005249343832, -27, -27, -27, -28],
    [-3413, 0.005249343832, -18, -18, -18, -18],
  ])('%d times %d: rounded twice %d, once %d, in float32 %d, down %d', (x, m, twice, once, even, down) => {
    const { multiplier, shift } = fixedPoint.decompose(m);
    expect(double(x, multiplier, shift)).toBe(twice);
    expect(single(x, multiplier, shift)).toBe(once);
    expect(requantizeOrtF32(x, Math.fround(m), 0, -128, 127)).toBe(even);
    expect(floor(x, multiplier, shift)).toBe(down);
  });

  test('on random data two roundings seldom differ from one, and rounding down in half', () => {
    const next = words(3);
    let [twice, down] = [0, 0];
    for (let i = 0; i < 20_000; i++) {
      const [x, m] = [next() >> 12, (next() >>> 8) / 2 ** 34];
      const { multiplier, shift } = fixedPoint.decompose(m);
      const once = single(x, multiplier, shift);
      if (double(x, multiplier, shift) !== once) twice++;
      if (floor(x, multiplier, shift) !== once) down++;
    }
    expect(twice).toBeGreaterThan(0);
    expect(twice).toBeLessThan(1000);
    expect(Math.abs(down - 10_000)).toBeLessThan(1000);
  });

  test('no result is a negative zero', () => {
    for (const f of [double, single, floor]) {
      for (const shift of [-31, -1, 0, 1, 30]) expect(Object.is(f(0, 2 ** 30, shift), 0)).toBe(true);
    }
    expect(Object.is(double(-1, 2 ** 30, 0), 0)).toBe(true);
    expect(Object.is(single(-1, 2 ** 30, 0), 0)).toBe(true);
    expect(Object.is(requantizeOnnxRef(-1, 0.25, 0, -128, 127), 0)).toBe(true);
  });
});

describe('the zero point before rounding', () => {
  test.each([
    [1, [1, 3, 3, 5], [2, 2, 4, 4]],
    [113, [113, 115, 115, 117], [114, 114, 116, 116]],
  ])('ties with the zero point %d', (zero, after, before) => {
    const accs = [1, 3, 5, 7];
    expect(accs.map((acc) => requantizeOrtF32(acc, 0.5, zero, 0, 255))).toEqual(after);
    expect(accs.map((acc) => requantizeOnnxRef(acc, 0.5, zero, 0, 255))).toEqual(before);
  });

  test('agrees with the ONNX reference evaluator', () => {
    const { requantize } = readVectors<{
      requantize: {
        dtype: 'int8' | 'uint8';
        scales: [number, number, number];
        zeroPoint: number;
        acc: number[];
        codes: number[];
      }[];
    }>('onnx-reference-vectors.json');
    let apart = 0;
    for (const v of requantize) {
      const m = requantizeMultiplier(...v.scales)[0]!;
      const [min, max] = v.dtype === 'int8' ? [-128, 127] : [0, 255];
      expect(v.acc.map((acc) => requantizeOnnxRef(acc, m, v.zeroPoint, min, max))).toEqual(v.codes);
      apart += v.acc.filter(
        (acc, i) => requantizeOrtF32(acc, m, v.zeroPoint, min, max) !== v.codes[i],
      ).length;
    }
    expect(apart).toBeGreaterThan(0);
  });

  test('saturates, also where the product leaves int32', () => {
    expect(requantizeOnnxRef(MAX, 1e30, 5, 0, 255)).toBe(255);
    expect(requantizeOnnxRef(MIN, 1e30, 5, 0, 255)).toBe(0);
  });
});
