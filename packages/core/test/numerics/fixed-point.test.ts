import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { fixedPoint } from '../../src/numerics/fixed-point.ts';

const refused = (run: () => unknown) =>
  expect(run).toThrow(expect.toSatisfy((e) => isHalftoneError(e, 'HT_INVALID_ARGUMENT')));

describe('decompose', () => {
  test.each([
    [0, 0, 0],
    [-0, 0, 0],
    [1, 1073741824, 1],
    [0.5, 1073741824, 0],
    [0.25, 1073741824, -1],
    [0.75, 1610612736, 0],
    [3, 1610612736, 2],
    [1.608829, 1727466985, 1],
    [0.005249343832, 1442928645, -7],
    // The largest fraction of f64 rounds to 2^31: half of it, one shift more.
    [0.9999999999999999, 1073741824, 1],
    [1 - 2 ** -31, 2147483647, 0],
    // Half a step above 2^30: ties go away from zero.
    [0.5 + 2 ** -32, 1073741825, 0],
    [0.5 + 2 ** -33, 1073741824, 0],
    [2 ** -32, 1073741824, -31],
  ])('%d is %d and the shift %d', (m, multiplier, shift) => {
    expect(fixedPoint.decompose(m)).toEqual({ multiplier, shift });
  });

  test('below a shift of -31 there is nothing left, but what rounds up to it stays', () => {
    expect(fixedPoint.decompose(2 ** -32 * (1 - 2 ** -31))).toEqual({ multiplier: 0, shift: 0 });
    expect(fixedPoint.decompose(2 ** -32 * (1 - 2 ** -33))).toEqual({ multiplier: 2 ** 30, shift: -31 });
    expect(fixedPoint.decompose(5e-324)).toEqual({ multiplier: 0, shift: 0 });
  });

  test('the largest is just below 2^30', () => {
    expect(fixedPoint.decompose(2 ** 30 - 0.5)).toEqual({ multiplier: 2147483647, shift: 30 });
    for (const m of [2 ** 30 - 0.25, 2 ** 30, 1e300, Infinity, NaN, -1, -5e-324]) {
      refused(() => fixedPoint.decompose(m));
    }
  });

  test('is within half a step of 31 bits', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -32, max: 2 ** 29, noNaN: true }), (m) => {
        const { multiplier, shift } = fixedPoint.decompose(m);
        expect(multiplier).toBeGreaterThanOrEqual(2 ** 30);
        expect(multiplier).toBeLessThan(2 ** 31);
        expect(Math.abs(multiplier * 2 ** (shift - 31) - m)).toBeLessThanOrEqual(2 ** (shift - 32));
      }),
    );
  });
});

describe('approximations', () => {
  test('the nearest integer over each power of two', () => {
    expect(fixedPoint.approximations(0.3, { maxShift: 3 })).toEqual([
      { shift: 0, multiplier: 0, value: 0, error: -0.3 },
      { shift: 1, multiplier: 1, value: 0.5, error: 0.2 },
      { shift: 2, multiplier: 1, value: 0.25, error: 0.25 - 0.3 },
      { shift: 3, multiplier: 2, value: 0.25, error: 0.25 - 0.3 },
    ]);
  });

  test('ties go away from zero; 0 is itself', () => {
    expect(fixedPoint.approximations(288.5 / 8192, { maxShift: 13 }).at(-1)).toEqual({
      shift: 13,
      multiplier: 289,
      value: 289 / 8192,
      error: 0.5 / 8192,
    });
    expect(fixedPoint.approximations(0, { maxShift: 0 })).toEqual([
      { shift: 0, multiplier: 0, value: 0, error: 0 },
    ]);
  });

  test('refuses what has no nearest integer in f64', () => {
    for (const m of [NaN, Infinity, -1]) refused(() => fixedPoint.approximations(m, { maxShift: 3 }));
    for (const maxShift of [-1, 1.5, NaN, 1024]) refused(() => fixedPoint.approximations(0.5, { maxShift }));
    refused(() => fixedPoint.approximations(1, { maxShift: 53 }));
    expect(fixedPoint.approximations(2 ** -10, { maxShift: 62 })).toHaveLength(63);
  });
});

describe('Qm.n', () => {
  const q24 = { bits: 8, fractionBits: 4 };

  test('rounds half to even and saturates', () => {
    expect([0.03125, 0.09375, -0.03125, -0.09375].map((x) => fixedPoint.quantize(x, q24))).toEqual([
      0, 2, 0, -2,
    ]);
    expect([100, -100, Infinity, -Infinity, NaN].map((x) => fixedPoint.quantize(x, q24))).toEqual([
      127, -128, 127, -128, -128,
    ]);
    expect(fixedPoint.quantize(0.97, { ...q24, rounding: 'floor' })).toBe(15);
    expect(fixedPoint.quantize(-0.97, { ...q24, rounding: 'trunc' })).toBe(-15);
    expect(fixedPoint.quantize(-1, { ...q24, signed: false })).toBe(0);
    expect(fixedPoint.quantize(20, { ...q24, signed: false })).toBe(255);
  });

  test('the top bit of a signed code weighs -2^(bits - 1)', () => {
    const weights = (signed: boolean) =>
      fixedPoint.table({ bits: 4, fractionBits: 1, signed }).map(({ code, value }) => {
        const bits = [0, 1, 2, 3].map((i) => (code >> i) & 1);
        const top = signed ? -8 : 8;
        return value === (bits[0]! + 2 * bits[1]! + 4 * bits[2]! + top * bits[3]!) / 2;
      });
    expect(weights(true)).toEqual(Array.from({ length: 16 }, () => true));
    expect(weights(false)).toEqual(Array.from({ length: 16 }, () => true));
  });

  test('every code comes back', () => {
    for (const format of [q24, { bits: 3, fractionBits: -2, signed: false }, { bits: 1, fractionBits: 0 }]) {
      for (const { code, value } of fixedPoint.table(format)) {
        expect(fixedPoint.dequantize(code, format)).toBe(value);
        expect(fixedPoint.quantize(value, format)).toBe(code);
      }
    }
  });

  test('32 bits, and steps at the ends of f64', () => {
    const wide = { bits: 32, fractionBits: 31 };
    expect(fixedPoint.quantize(1, wide)).toBe(2147483647);
    expect(fixedPoint.quantize(-1, wide)).toBe(-2147483648);
    expect(fixedPoint.dequantize(-2147483648, wide)).toBe(-1);
    expect(fixedPoint.quantize(3 * 2 ** -1022, { bits: 8, fractionBits: 1022 })).toBe(3);
    expect(fixedPoint.quantize(3 * 2 ** 1022, { bits: 8, fractionBits: -1022 })).toBe(3);
    expect(fixedPoint.dequantize(1, { bits: 8, fractionBits: -1023 })).toBe(2 ** 1023);
  });

  test('refuses formats and codes that do not exist', () => {
    for (const bits of [0, 33, 1.5, NaN]) refused(() => fixedPoint.quantize(1, { bits, fractionBits: 0 }));
    for (const fractionBits of [0.5, NaN, 1023, -1024])
      refused(() => fixedPoint.table({ bits: 4, fractionBits }));
    for (const code of [128, -129, 0.5, NaN]) refused(() => fixedPoint.dequantize(code, q24));
    refused(() => fixedPoint.table({ bits: 17, fractionBits: 0 }));
    refused(() => fixedPoint.quantize(1, { ...q24, rounding: 'up' as never }));
  });
});
