import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { indexedRounder, randomAt } from '../../src/numerics/stochastic.ts';
import { tensor } from '../../src/tensor.ts';

const COUNT = 20_000;
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const constant = (value: number) => tensor('float32', new Float32Array(COUNT).fill(value));

describe('randomAt', () => {
  test('is spread evenly: every bit, and every pair of neighbours', () => {
    for (const seed of [0, 1, 2, 0xffffffff, 20261]) {
      const draws = Array.from({ length: COUNT }, (_, i) => randomAt(seed, i));
      for (let bit = 0; bit < 32; bit++) {
        const ones = mean(draws.map((d) => (d >>> bit) & 1));
        expect(Math.abs(ones - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / COUNT));
      }
      const products = draws.slice(1).map((d, i) => (d / 2 ** 32 - 0.5) * (draws[i]! / 2 ** 32 - 0.5));
      expect(Math.abs(mean(products))).toBeLessThan(4 / 12 / Math.sqrt(COUNT));
    }
  });

  test('seeds have draws of their own', () => {
    const draws = [0, 1, 2, 3].map((seed) => Array.from({ length: 100 }, (_, i) => randomAt(seed, i)));
    expect(new Set(draws.flat()).size).toBe(400);
  });

  test('is the same everywhere: numbers by integers of any size', () => {
    const M = 2n ** 32n;
    const mix = (v: bigint) => {
      let x = v ^ (v >> 16n);
      x = (x * 0x7feb352dn) % M;
      x ^= x >> 15n;
      x = (x * 0x846ca68bn) % M;
      return x ^ (x >> 16n);
    };
    for (const seed of [0, 7, 0x9e3779b9, 0xffffffff]) {
      for (const index of [0, 1, 12345, 2 ** 31]) {
        const weyl = (BigInt(index + 1) * 0x9e3779b9n) % M;
        const expected = mix((mix(weyl) + mix(BigInt(seed) ^ 0x9e3779b9n)) % M);
        expect(randomAt(seed, index)).toBe(Number(expected));
      }
    }
  });
});

describe('stochastic rounding', () => {
  test.each([0.1, 0.25, 0.5, 3.75, -0.3, -2.9])('keeps the mean of %d', (value) => {
    const q = quantizeTensor(constant(value), { scale: 1, rounding: { stochastic: 1 } });
    const fraction = value - Math.floor(value);
    const deviation = Math.sqrt((fraction * (1 - fraction)) / COUNT);
    expect(Math.abs(mean(q.codes.data) - value)).toBeLessThan(4 * deviation);
    expect(new Set(q.codes.data)).toEqual(new Set([Math.floor(value), Math.ceil(value)]));
    expect(mean(dequantizeTensor(q).data)).toBe(mean(q.codes.data));
  });

  test('a seed gives the same codes again, another seed others', () => {
    const codes = (stochastic: number) => [
      ...quantizeTensor(constant(0.5), { scale: 1, rounding: { stochastic } }).codes.data,
    ];
    expect(codes(5)).toEqual(codes(5));
    expect(codes(6)).not.toEqual(codes(5));
  });

  test('integers stay, NaN and infinities saturate', () => {
    const x = tensor('float32', [-128, -1, 0, 7, 127, 300, -300, NaN, Infinity, -Infinity]);
    const q = quantizeTensor(x, { scale: 1, rounding: { stochastic: 3 } });
    expect([...q.codes.data]).toEqual([-128, -1, 0, 7, 127, 127, -128, -128, 127, -128]);
  });

  test('goes up for exactly the share of draws that the fraction names', () => {
    const round = indexedRounder({ stochastic: 9 });
    const draws = Array.from({ length: 1000 }, (_, i) => randomAt(9, i));
    const threshold = draws[500]!;
    draws.forEach((draw, i) => expect(round(threshold / 2 ** 32, i)).toBe(draw < threshold ? 1 : 0));
    expect(round(threshold / 2 ** 32, 500)).toBe(0);
    expect(round((threshold + 1) / 2 ** 32 - 4, 500)).toBe(-3);
  });

  test('refuses bad seeds and unknown modes', () => {
    for (const rounding of [
      { stochastic: -1 },
      { stochastic: 2 ** 32 },
      { stochastic: 0.5 },
      { stochastic: NaN },
      {} as never,
      null as never,
      'random' as never,
    ]) {
      expect(() => indexedRounder(rounding)).toThrow(
        expect.toSatisfy((e) => isHalftoneError(e, 'HT_INVALID_ARGUMENT')),
      );
    }
  });
});
