import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { cosine, maxAbsError, mse, sqnrDb } from '../../src/numerics/metrics.ts';
import { dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { tensor } from '../../src/tensor.ts';

describe('metrics', () => {
  test('values by hand', () => {
    expect(sqnrDb([10, 0], [9, 0])).toBeCloseTo(20, 12);
    expect(sqnrDb([3, 4], [3, 9])).toBeCloseTo(0, 12);
    expect(cosine([1, 0], [1, 1])).toBeCloseTo(Math.SQRT1_2, 12);
    expect(cosine([1, 2], [-2, -4])).toBeCloseTo(-1, 12);
    expect(mse([1, 2, 3, 4], [1, 4, 3, 0])).toBe(5);
    expect(maxAbsError([1, -2, 3], [1.5, -5, 3])).toBe(3);
  });

  test('equal, all-zero and empty arrays', () => {
    for (const a of [[], [0, 0], [1, -2]]) {
      expect([sqnrDb(a, a), mse(a, a), maxAbsError(a, a)]).toEqual([Infinity, 0, 0]);
      expect(cosine(a, a)).toBeCloseTo(1, 12);
    }
    expect(sqnrDb([0, 0], [0, 1])).toBe(-Infinity);
    expect([cosine([0, 0], [1, 2]), cosine([1, 2], [0, 0])]).toEqual([0, 0]);
    expect(cosine([0, 0], [0, 0])).toBe(1);
  });

  test('NaN is not hidden; equal infinities differ by nothing, others infinitely', () => {
    const [a, b] = [
      [1, NaN, 3],
      [1, 2, 3],
    ];
    for (const metric of [sqnrDb, cosine, mse, maxAbsError]) {
      expect(metric(a, b)).toBeNaN();
      expect(metric(b, a)).toBeNaN();
      expect(metric(a, a)).toBeNaN();
      expect(metric([0, 0, 0], a)).toBeNaN();
    }
    expect([mse([-Infinity, 1], [-Infinity, 1]), maxAbsError([Infinity, 1], [Infinity, 3])]).toEqual([0, 2]);
    expect([mse([1], [Infinity]), maxAbsError([1], [-Infinity]), sqnrDb([1], [Infinity])]).toEqual([
      Infinity,
      Infinity,
      -Infinity,
    ]);
    expect([cosine([Infinity], [1]), cosine([0], [Infinity])]).toEqual([NaN, NaN]);
  });

  test('refuse arrays of different lengths', () => {
    for (const metric of [sqnrDb, cosine, mse, maxAbsError]) {
      expect(() => metric([1], [1, 2])).toThrow(
        expect.toSatisfy((e) => isHalftoneError(e, 'HT_SHAPE_MISMATCH')),
      );
    }
  });

  test('SQNR and cosine do not depend on a common factor; a factor keeps the cosine', () => {
    const value = fc.integer({ min: -1000, max: 1000 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value), { minLength: 1 }),
        fc.integer({ min: -8, max: 8 }),
        (pairs, k) => {
          const [a, b] = [pairs.map((p) => p[0]), pairs.map((p) => p[1])];
          const scale = (list: number[]) => list.map((v) => v * 2 ** k);
          expect(sqnrDb(scale(a), scale(b))).toBe(sqnrDb(a, b));
          expect(cosine(a, scale(b))).toBeCloseTo(cosine(a, b), 12);
          expect(Math.abs(cosine(a, b))).toBeLessThanOrEqual(1);
        },
      ),
    );
  });

  test('CMSC5743 lecture 06, reading list: 6.02 dB a bit, and 1.76 dB more for a full-scale sine', () => {
    const count = 20011;
    const sine = tensor(
      'float32',
      Float32Array.from({ length: count }, (_, i) => Math.sin((2 * Math.PI * 997 * i) / count)),
    );
    const ramp = tensor(
      'float32',
      Float32Array.from({ length: count }, (_, i) => (2 * i + 1) / count - 1),
    );
    const of = (x: typeof sine) =>
      sqnrDb(x.data, dequantizeTensor(quantizeTensor(x, { dtype: 'uint8' })).data);
    expect(Math.abs(of(sine) - (6.02 * 8 + 1.76))).toBeLessThan(0.3);
    expect(Math.abs(of(ramp) - 6.02 * 8)).toBeLessThan(0.3);
  });
});
