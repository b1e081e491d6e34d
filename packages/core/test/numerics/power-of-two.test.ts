import { expect, test } from 'vitest';
import { exponentOf, powerOfTwo } from '../../src/numerics/power-of-two.ts';

test('every power of two of f64, and what lies beyond', () => {
  let expected = Number.MIN_VALUE;
  for (let k = -1074; k <= 1023; k++, expected *= 2) {
    expect(powerOfTwo(k)).toBe(expected);
    expect(exponentOf(expected)).toBe(k);
    expect(exponentOf(-1.5 * expected)).toBe(k === -1074 ? -1073 : k);
  }
  expect(powerOfTwo(1024)).toBe(Infinity);
  expect(powerOfTwo(-1075)).toBe(0);
});

test('an exponent is that of the power at or below', () => {
  expect([1, 1.9999999999999998, 2, 3, 0.75, 5e-324, Number.MAX_VALUE].map(exponentOf)).toEqual([
    0, 0, 1, 1, -1, -1074, 1023,
  ]);
});
