import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erf, exp, log, log2, sigmoid, tanh } from '../../src/numerics/elementary.ts';
import { readVectors } from './vectors.ts';

type Name = 'exp' | 'log' | 'log2' | 'tanh' | 'erf' | 'sigmoid';
const functions: Record<Name, (x: number) => number> = { exp, log, log2, tanh, erf, sigmoid };
const vectors = readVectors<Record<Name, [x: number, y: number][]>>('elementary-vectors.json');

const offByOne: Record<Name, number> = { exp: 0, log: 1, log2: 1, tanh: 1, erf: 12, sigmoid: 1 };

/** FNV-1a over the words of 20,000 results, as a little-endian machine stores them. */
const hashes: Record<Name, number> = {
  exp: 3562669878,
  log: 291014548,
  log2: 1082022607,
  tanh: 29453876,
  erf: 3283605005,
  sigmoid: 3183469642,
};

const f64 = new Float64Array(1);
const bits = new BigInt64Array(f64.buffer);
const words = new Uint32Array(f64.buffer);
/** Position among all f64 in ascending order. */
const position = (x: number): bigint => {
  f64[0] = x;
  const b = bits[0] as bigint;
  return b < 0n ? -(b & 0x7fffffffffffffffn) : b;
};
const ulps = (a: number, b: number): number => Math.abs(Number(position(a) - position(b)));

describe.each(Object.keys(functions) as Name[])('%s', (name) => {
  const f = functions[name];

  test('is at most 1 ulp from the correctly rounded value, and equal in all but a few cases', () => {
    let off = 0;
    for (const [x, y] of vectors[name]) {
      const distance = ulps(f(x), y);
      expect(distance, `${name}(${x})`).toBeLessThanOrEqual(1);
      off += distance;
    }
    expect(off).toBe(offByOne[name]);
  });

  test('does not go down where x goes up, by more than its error', () => {
    const domain = name.startsWith('log') ? { min: Number.MIN_VALUE } : {};
    fc.assert(
      fc.property(fc.double({ ...domain, noNaN: true }), fc.double({ ...domain, noNaN: true }), (a, b) => {
        const [low, high] = [f(Math.min(a, b)), f(Math.max(a, b))];
        expect(high >= low || ulps(low, high) <= 2).toBe(true);
      }),
    );
  });

  test('every bit is pinned: tables of quantized models are made of them', () => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < 20000; i++) {
      f64[0] = f((i - (name.startsWith('log') ? -1 : 10000)) / 1237);
      for (const word of words) hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
    }
    expect(hash).toBe(hashes[name]);
  });

  test('NaN stays NaN', () => {
    expect(f(NaN)).toBeNaN();
  });

  test('a call leaves nothing behind for the next', () => {
    const first = vectors[name].map(([x]) => f(x));
    for (const other of Object.values(functions))
      for (const x of [-3, 0.1, 1e-310, NaN, Infinity, 700]) other(x);
    expect(vectors[name].map(([x]) => f(x))).toEqual(first);
  });
});

describe('special values', () => {
  const min = Number.MIN_VALUE;
  const max = Number.MAX_VALUE;

  test('exp', () => {
    expect([exp(0), exp(-0), exp(Infinity), exp(-Infinity), exp(min), exp(-min)]).toEqual([
      1,
      1,
      Infinity,
      0,
      1,
      1,
    ]);
    expect([exp(1), exp(709.782712893384)]).toEqual([2.718281828459045, 1.7976931348622732e308]);
    expect([exp(709.7827128933841), exp(max), exp(-max), exp(-745.1332191019411)]).toEqual([
      Infinity,
      Infinity,
      0,
      min,
    ]);
    expect(exp(-745.1332191019412)).toBe(0);
    expect(exp(-708.5)).toBeLessThan(2.2250738585072014e-308);
    expect(exp(-708.5)).toBeGreaterThan(0);
  });

  test('log and log2', () => {
    for (const f of [log, log2]) {
      expect([f(0), f(-0), f(Infinity), f(1)]).toEqual([-Infinity, -Infinity, Infinity, 0]);
      for (const x of [-1, -min, -Infinity]) expect(f(x)).toBeNaN();
    }
    expect([log(min), log(max), log(Math.E)]).toEqual([-744.4400719213812, 709.782712893384, 1]);
    expect(log2(max)).toBe(1024);
  });

  test('log2 is exact at every power of 2', () => {
    for (let k = -1074; k < 1024; k++) expect(log2(2 ** k)).toBe(k);
  });

  test('tanh and erf are odd, keep the sign of zero and tiny values, and reach 1', () => {
    for (const f of [tanh, erf]) {
      expect([f(0), f(-0), f(Infinity), f(-Infinity)]).toEqual([0, -0, 1, -1]);
      expect([f(30), f(-30), f(max)]).toEqual([1, -1, 1]);
      fc.assert(
        fc.property(fc.double({ noNaN: true }), (x) => {
          expect(f(-x)).toBe(-f(x));
          expect(Math.abs(f(x))).toBeLessThanOrEqual(1);
        }),
      );
    }
    expect([tanh(min), tanh(-1e-310), tanh(1e-9)]).toEqual([min, -1e-310, 1e-9]);
    expect([erf(min), erf(-1e-310)]).toEqual([min, -1.1283791670955e-310]);
  });

  test('sigmoid', () => {
    expect([sigmoid(0), sigmoid(-0), sigmoid(Infinity), sigmoid(-Infinity)]).toEqual([0.5, 0.5, 1, 0]);
    expect([sigmoid(max), sigmoid(-max), sigmoid(-745.1332191019411)]).toEqual([1, 0, min]);
    fc.assert(
      fc.property(fc.double({ min: -40, max: 40, noNaN: true }), (x) => {
        expect(Math.abs(sigmoid(x) + sigmoid(-x) - 1)).toBeLessThanOrEqual(2 ** -52);
      }),
    );
  });

  test('all steps of softmax on 8-bit codes are those of the exact exponential', () => {
    for (let d = 0; d < 256; d++) {
      const e = 2 ** 30 * exp(-d / 16);
      expect(Math.abs(e - 2 ** 30 * Math.exp(-d / 16))).toBeLessThan(1e-6);
    }
  });
});
