import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedPoint } from '../../src/numerics/fixed-point.ts';
import { chooseParams } from '../../src/numerics/params.ts';
import { fixedMultiply } from '../../src/numerics/fixed-multiply.ts';
import { quantizeTensor } from '../../src/numerics/quantize.ts';
import { requantizeMultiplier, requantizeOrtF32, requantizeTensor } from '../../src/numerics/requantize.ts';
import { roundHalfEven } from '../../src/numerics/round.ts';
import { tensor } from '../../src/tensor.ts';

describe('openHPI "Applied Edge AI": integer-only inference', () => {
  test('scale and zero point from the ends of the reals and of the codes', () => {
    for (const [min, max] of [
      [-1, 3],
      [-0.3, 0.9],
      [0, 6],
      [-5, 0],
      [-12.5, 100],
    ] as const) {
      for (const [dtype, qmin, qmax] of [
        ['uint8', 0, 255],
        ['int8', -128, 127],
      ] as const) {
        const p = chooseParams({ min, max }, { dtype, scheme: 'asymmetric' });
        const step = (Math.fround(max) - Math.fround(min)) / (qmax - qmin);
        expect(Math.abs(p.scale[0]! / step - 1)).toBeLessThan(2e-7);
        expect(p.zeroPoint![0]).toBe(roundHalfEven(qmax - Math.fround(max) / step));
      }
    }
  });

  test('round(r / S + Z) and round(r / S) + Z differ on ties where Z is odd: ours is the second', () => {
    for (const zero of [1, 113]) {
      const inside = [1, 3, 5, 7].map((acc) => roundHalfEven(acc * 0.5 + zero));
      const ours = [1, 3, 5, 7].map((acc) => requantizeOrtF32(acc, 0.5, zero, 0, 255));
      expect(inside.map((v) => v - zero)).toEqual([1, 1, 3, 3]);
      expect(ours.map((v) => v - zero)).toEqual([0, 2, 2, 4]);
    }
  });

  test('round(r / S + Z) is an option of quantization', () => {
    const x = tensor('float32', [0.5, 1.5, 2.5, 3.5]);
    const codes = (roundAfterZeroPoint: boolean) => [
      ...quantizeTensor(x, { dtype: 'uint8', scale: 1, zeroPoint: 1, roundAfterZeroPoint }).codes.data,
    ];
    expect(codes(true)).toEqual([2, 2, 4, 4]);
    expect(codes(false)).toEqual([1, 3, 3, 5]);
  });

  describe('the loop that approximates a multiplier: 289 / 2^13', () => {
    const low = 288.5 / 8192;
    const high = 289.5 / 8192;

    test('holds for every M in [288.5, 289.5) / 8192', () => {
      expect([low, high].map((m) => m.toFixed(7))).toEqual(['0.0352173', '0.0353394']);
      for (const m of [low, 289 / 8192, high - 2 ** -57]) {
        expect(fixedPoint.approximations(m, { maxShift: 13 })[13]!.multiplier).toBe(289);
      }
      expect(fixedPoint.approximations(high, { maxShift: 13 })[13]!.multiplier).toBe(290);
    });

    test('"within one" of P M depends on P: a shift that truncates is off by up to P 2^-14 + 1', () => {
      const worst = (p: number) => {
        const got = fixedMultiply['shift-floor'](p, 289, 31 - 13);
        expect(got).toBe(Math.floor((p * 289) / 8192));
        return Math.max(Math.abs(p * low - got), Math.abs(p * high - got));
      };
      for (const [p, error] of [
        [1000, 0.339],
        [4000, 0.357],
        [7091, 0.591],
        [8191, 1.465],
      ] as const) {
        expect(worst(p)).toBeCloseTo(error, 3);
        expect(worst(p)).toBeLessThan(p / 2 ** 14 + 1);
      }
    });
  });

  test('of a product only S1 S2 / S3 is not an integer', () => {
    const code = fc.integer({ min: -128, max: 127 });
    fc.assert(
      fc.property(code, code, code, code, (q1, z1, q2, z2) => {
        const [s1, s2, s3] = [0.5, 0.25, 0.25];
        const acc = (q1 - z1) * (q2 - z2);
        const real = s1 * (q1 - z1) * (s2 * (q2 - z2));
        const m = requantizeMultiplier(s1, s2, s3)[0]!;
        const expected = Math.min(Math.max(real / s3, -128), 127);
        expect(requantizeOrtF32(acc, m, 0, -128, 127) === expected).toBe(Number.isInteger(expected));
      }),
    );
  });

  test('the multiplier may be 1 or more', () => {
    const multiplier = requantizeMultiplier(1.608829, 1, 1);
    expect(multiplier[0]).toBeGreaterThan(1);
    const y = requantizeTensor(tensor('int32', [10, -10, 100]), { dtype: 'int8', multiplier });
    expect([...y.data]).toEqual([16, -16, 127]);
  });
});
