import { describe, expect, test } from 'vitest';
import { median, quantile, spread } from '../src/statistics.ts';

describe('statistics', () => {
  test('quantiles lie between their neighbours, in any order', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.9)).toBe(46);
    expect([quantile([7], 0.1), quantile([7], 1)]).toEqual([7, 7]);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('the median does not see one wild value', () => {
    expect(median([5, 5, 5, 5, 1e9])).toBe(5);
  });

  test('the spread is half the distance of the quartiles, as a part of the median', () => {
    expect(spread([8, 9, 10, 11, 12])).toBeCloseTo(0.1, 12);
    expect(spread([3, 3, 3])).toBe(0);
  });
});
