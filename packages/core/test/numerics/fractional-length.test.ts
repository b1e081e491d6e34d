import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { fractionalLength } from '../../src/numerics/fractional-length.ts';

const refused = (run: () => unknown) =>
  expect(run).toThrow(expect.toSatisfy((e) => isHalftoneError(e, 'HT_INVALID_ARGUMENT')));

describe('fractionalLength', () => {
  test('the finest step wins a tie: 3.5 has the error 0 with 1 to 5 bits of fraction', () => {
    expect(fractionalLength([3.5], { bits: 8 })).toEqual({ fractionBits: 5, error: 0 });
    expect(fractionalLength([3.5], { bits: 8, signed: false })).toEqual({ fractionBits: 6, error: 0 });
    expect(fractionalLength([-4], { bits: 8 })).toEqual({ fractionBits: 5, error: 0 });
    expect(fractionalLength([64, 128], { bits: 8 })).toEqual({ fractionBits: -1, error: 0 });
  });

  test('an outlier is cut where that costs less', () => {
    const values = [...Array.from({ length: 100 }, (_, i) => (i + 0.5) / 1000), 1];
    const best = fractionalLength(values, { bits: 4 });
    // 8 steps to 0.125 leave 1 with 0.89; 8 steps to 1 would leave the hundred with 2.5 together.
    expect(best.fractionBits).toBe(6);
    expect(best.error).toBeGreaterThan(0.89);
  });

  test('is the minimum over all fraction lengths', () => {
    let state = 1;
    const next = () => (state = (state * 48271) % 2147483647) / 2147483647 - 0.5;
    for (const bits of [2, 3, 4, 8, 12]) {
      for (const signed of [true, false]) {
        const values = Array.from({ length: 20 }, () => next() * 2 ** Math.floor(next() * 12));
        const [min, max] = signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1];
        let best = { fractionBits: 0, error: Infinity };
        for (let fractionBits = -30; fractionBits <= 60; fractionBits++) {
          let error = 0;
          for (const w of values) {
            const t = Math.min(Math.max(w * 2 ** fractionBits, min), max);
            const [low, up] = [Math.floor(t), Math.ceil(t)];
            const code = t - low < up - t || (t - low === up - t && low % 2 === 0) ? low : up;
            error += Math.abs(w - code / 2 ** fractionBits);
          }
          if (error <= best.error) best = { fractionBits, error };
        }
        expect(fractionalLength(values, { bits, signed })).toEqual(best);
      }
    }
  });

  test('zeros and nothing have 0; subnormal and huge values have theirs', () => {
    expect(fractionalLength([0, -0], { bits: 8 })).toEqual({ fractionBits: 0, error: 0 });
    expect(fractionalLength([], { bits: 8 })).toEqual({ fractionBits: 0, error: 0 });
    expect(fractionalLength([2 ** 1000], { bits: 8 })).toEqual({ fractionBits: -994, error: 0 });
    expect(fractionalLength([2 ** -149], { bits: 8 })).toEqual({ fractionBits: 155, error: 0 });
    expect(fractionalLength(Float32Array.of(1e38, 1e-38), { bits: 8 }).fractionBits).toBe(-120);
  });

  test('refuses what is not finite, and bad bits', () => {
    for (const w of [NaN, Infinity, -Infinity]) refused(() => fractionalLength([0, w], { bits: 8 }));
    for (const bits of [0, 33, 2.5]) refused(() => fractionalLength([1], { bits }));
  });
});
