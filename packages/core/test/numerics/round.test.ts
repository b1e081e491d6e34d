import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { type Rounding, roundHalfEven, rounder, roundings } from '../../src/numerics/round.ts';

const inputs = [
  -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999999999999994, -0.49999999999999994, -2.7, 2.2, -63.5, 126.5,
];
const expected: Record<Rounding, number[]> = {
  'half-even': [-2, -2, -0, 0, 2, 2, 0, -0, -3, 2, -64, 126],
  'half-away': [-3, -2, -1, 1, 2, 3, 0, -0, -3, 2, -64, 127],
  'half-up': [-2, -1, -0, 1, 2, 3, 0, -0, -3, 2, -63, 127],
  floor: [-3, -2, -1, 0, 1, 2, 0, -1, -3, 2, -64, 126],
  trunc: [-2, -1, -0, 0, 1, 2, 0, -0, -2, 2, -63, 126],
};

describe('rounder', () => {
  test.each(roundings)('%s on ties, their neighbours and negative values', (mode) => {
    expect(inputs.map(rounder(mode))).toEqual(expected[mode]);
  });

  test.each(roundings)('%s keeps integers of any size, NaN, infinities and the sign of zero', (mode) => {
    const integers = [0, -0, 1, -1, 2 ** 51 - 1, 2 ** 52 - 1, -(2 ** 52), 2 ** 53, -(2 ** 60), 1e300];
    const special = [NaN, Infinity, -Infinity, Number.MAX_VALUE, -Number.MAX_VALUE];
    for (const x of [...integers, ...special]) expect(rounder(mode)(x)).toBe(x);
  });

  test.each(roundings)('%s of halves near the end of the mantissa', (mode) => {
    const half = 2 ** 51 + 0.5;
    const up = { 'half-even': 0, 'half-away': 1, 'half-up': 1, floor: 0, trunc: 0 }[mode];
    const odd = { 'half-even': 2, 'half-away': 2, 'half-up': 2, floor: 1, trunc: 1 }[mode];
    const negative = { 'half-even': 0, 'half-away': -1, 'half-up': 0, floor: -1, trunc: 0 }[mode];
    expect(rounder(mode)(half)).toBe(2 ** 51 + up);
    expect(rounder(mode)(half + 1)).toBe(2 ** 51 + odd);
    expect(rounder(mode)(-half)).toBe(-(2 ** 51) + negative);
  });

  test('an unknown mode is refused', () => {
    for (const mode of ['half-down', 'toString', '']) {
      expect(() => rounder(mode as Rounding)).toThrow(
        expect.toSatisfy((e) => isHalftoneError(e, 'HT_INVALID_ARGUMENT')),
      );
    }
  });
});

describe('roundHalfEven', () => {
  test('subnormals and tiny values become zeros with their sign', () => {
    for (const x of [5e-324, 2.2250738585072014e-308, 1e-20]) {
      expect(roundHalfEven(x)).toBe(0);
      expect(roundHalfEven(-x)).toBe(-0);
    }
  });

  test('agrees with the hardware store of Uint8ClampedArray, which rounds half to even', () => {
    const oracle = new Uint8ClampedArray(1);
    for (let i = 0; i <= 255 * 64; i++) {
      const x = i / 64;
      oracle[0] = x;
      expect(roundHalfEven(x)).toBe(oracle[0]);
    }
  });

  test('every tie of 16 bits goes to the even neighbour', () => {
    for (let n = -32768; n < 32768; n++) {
      const even = n % 2 === 0 ? n : n + 1;
      expect(roundHalfEven(n + 0.5) === even).toBe(true);
    }
  });

  test('is within a half, monotonic and odd', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -(2 ** 53), max: 2 ** 53, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        (x, step) => {
          const r = roundHalfEven(x);
          expect(Number.isInteger(r)).toBe(true);
          expect(Math.abs(x - r)).toBeLessThanOrEqual(0.5);
          expect(roundHalfEven(x + step)).toBeGreaterThanOrEqual(r);
          expect(roundHalfEven(-x)).toBe(-r);
        },
      ),
    );
  });
});
