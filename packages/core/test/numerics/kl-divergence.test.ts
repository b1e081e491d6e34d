import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { klDivergence } from '../../src/numerics/kl-divergence.ts';

describe('klDivergence', () => {
  test('is not symmetric', () => {
    expect(klDivergence([0.5, 0.5], [0.25, 0.75])).toBeCloseTo(0.14384103622589045, 15);
    expect(klDivergence([0.25, 0.75], [0.5, 0.5])).toBeCloseTo(0.13081203594113697, 15);
  });

  test('is 0 for equal distributions and for none', () => {
    expect(klDivergence([0.1, 0.2, 0.7], [0.1, 0.2, 0.7])).toBe(0);
    expect(klDivergence([], [])).toBe(0);
  });

  test('an empty bin of p adds nothing, one of q alone is infinite', () => {
    expect(klDivergence([0, 1], [0.5, 0.5])).toBeCloseTo(Math.LN2, 15);
    expect(klDivergence([0, 1], [0, 1])).toBe(0);
    expect(klDivergence([0.5, 0.5], [1, 0])).toBe(Infinity);
  });

  test('masses whose quotient leaves f64', () => {
    expect(klDivergence([1], [5e-324])).toBeCloseTo(744.4400719213812, 10);
    expect(klDivergence([1e-300, 1], [1e300, 1])).toBeCloseTo(0, 15);
    expect(klDivergence([1e300], [1e-300]) / 1e300).toBeCloseTo(1381.5510557964274, 10);
  });

  test('refuses what is no distribution', () => {
    const fails = (p: number[], q: number[], code: 'HT_INVALID_ARGUMENT' | 'HT_SHAPE_MISMATCH') =>
      expect(() => klDivergence(p, q)).toThrow(expect.toSatisfy((e) => isHalftoneError(e, code)));
    fails([1], [0.5, 0.5], 'HT_SHAPE_MISMATCH');
    fails([-0.5], [1], 'HT_INVALID_ARGUMENT');
    fails([1], [NaN], 'HT_INVALID_ARGUMENT');
    fails([0], [-1], 'HT_INVALID_ARGUMENT');
    fails([Infinity], [1], 'HT_INVALID_ARGUMENT');
  });
});
