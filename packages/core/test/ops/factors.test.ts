import { describe, expect, it } from 'vitest';
import { addFactors, averageFactors, mulFactors, roundHalfEven, tensor } from '../../src/index.ts';

describe('constants that core derives for backends', () => {
  it('addFactors: the vectors of the specification', () => {
    const { fround } = Math;
    const sum = (sa: number, sb: number, sc: number, a: number, b: number): number => {
      const of = (scale: number) => ({ scale, zeroPoint: 128 });
      const [ra, rb, c0] = addFactors('ort-x86', of(sa), of(sb), of(sc)).data as unknown as [
        number,
        number,
        number,
      ];
      return roundHalfEven(fround(fround(c0 + fround(a * ra)) + fround(b * rb)));
    };
    expect([sum(0.1, 0.1, 0.2, 0, 7), sum(0.05, 0.1, 0.3, 1, 1), sum(0.05, 0.1, 0.3, 1, 70)]).toEqual([
      4, 64, 88,
    ]);
  });

  it('addFactors: parameters as they are, or fixed-point pairs of the operands over twice the larger scale', () => {
    const [a, b, y] = [
      { scale: 0.5, zeroPoint: 1 },
      { scale: 0.25, zeroPoint: 2 },
      { scale: 2, zeroPoint: 3 },
    ] as const;
    expect(addFactors('decomposed', a, b, y)).toEqual(tensor('float32', [0.5, 1, 0.25, 2, 2, 3]));
    // 0.5 / 1, 0.25 / 1 and 1 / (2^20 * 2) are powers of two: mantissa 2^30.
    expect(addFactors('tflite-double', a, b, y)).toEqual(
      tensor('int32', [1, 2, 3, 2 ** 30, 0, 2 ** 30, -1, 2 ** 30, -20]),
    );
  });

  it('mulFactors: zero points and the multiplier of each mode', () => {
    const [a, b, y] = [
      { scale: 0.5, zeroPoint: 1 },
      { scale: 0.25, zeroPoint: 2 },
      { scale: 2, zeroPoint: 3 },
    ] as const;
    expect(mulFactors('ort-x86', a, b, y)).toEqual(tensor('float32', [1, 2, 3, 0.0625]));
    expect(mulFactors('decomposed', a, b, y)).toEqual(tensor('float32', [0.5, 1, 0.25, 2, 2, 3]));
    expect(mulFactors('shift-floor', a, b, y)).toEqual(tensor('int32', [1, 2, 3, 2 ** 30, -3]));
  });

  it('averageFactors: sx / (sy * count), each step in f32, or the fixed-point pair of sx / sy', () => {
    const { fround } = Math;
    const expected = [1, 2, 3].map((count) => fround(fround(0.3) / fround(fround(0.7) * count)));
    expect(averageFactors('ort-f32', fround(0.3), fround(0.7), 3)).toEqual({
      multiplier: Float32Array.from(expected),
    });
    expect(averageFactors('tflite-single', 1, 4, 9)).toEqual({
      multiplier: Int32Array.of(2 ** 30),
      shift: Int32Array.of(-1),
    });
  });
});
