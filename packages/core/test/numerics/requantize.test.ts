import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HalftoneErrorCode, isHalftoneError } from '../../src/errors.ts';
import {
  requantizeFactors,
  type RequantizeMode,
  requantizeModes,
  requantizeOnnxRef,
  type RequantizeOptions,
  requantizeMultiplier,
  requantizeOrtF32,
  requantizeTensor,
} from '../../src/numerics/requantize.ts';
import { tensor } from '../../src/tensor.ts';
import { f32, ort, readVectors } from './vectors.ts';

const fails = (code: HalftoneErrorCode) => expect.toSatisfy((e) => isHalftoneError(e, code));

describe('requantizeMultiplier', () => {
  test('rounds the product to float32 before it divides', () => {
    const [sa, sb, sy] = f32([0.0123, 0.0457, 0.3]) as [number, number, number];
    const m = requantizeMultiplier(sa, sb, sy);
    expect([...m]).toEqual([Math.fround(Math.fround(sa * sb) / sy)]);
    let once = 0;
    for (let i = 1; i < 200; i++) {
      const a = Math.fround(sa * i);
      const [twice] = requantizeMultiplier(a, sb, sy);
      expect(twice).toBe(Math.fround(Math.fround(a * sb) / sy));
      if (twice !== Math.fround((a * sb) / sy)) once++;
    }
    expect(once).toBeGreaterThan(0);
  });

  test('one multiplier a channel', () => {
    expect([...requantizeMultiplier(0.5, [1, 2, 4], 8)]).toEqual([0.0625, 0.125, 0.25]);
    expect([...requantizeMultiplier(Float32Array.of(0.5), Float32Array.of(2), Float32Array.of(4))]).toEqual([
      0.25,
    ]);
    expect([...requantizeMultiplier([1, 2], [3, 4], [1, 2])]).toEqual([3, 4]);
    expect(requantizeMultiplier(1, [], 1).length).toBe(0);
  });

  test('scales are taken as float32', () => {
    expect([...requantizeMultiplier(0.1, 1, 1)]).toEqual(f32([0.1]));
  });

  test('refuses scales that are not finite and positive, overflow, and lists that do not fit', () => {
    for (const bad of [0, -1, NaN, Infinity, 1e-60, 1e39]) {
      expect(() => requantizeMultiplier(bad, 1, 1)).toThrow(fails('HT_INVALID_ARGUMENT'));
      expect(() => requantizeMultiplier(1, [1, bad], 1)).toThrow(fails('HT_INVALID_ARGUMENT'));
      expect(() => requantizeMultiplier(1, 1, bad)).toThrow(fails('HT_INVALID_ARGUMENT'));
    }
    expect(() => requantizeMultiplier(1e30, 1e30, 1)).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => requantizeMultiplier([1, 2], [1, 2, 3], 1)).toThrow(fails('HT_SHAPE_MISMATCH'));
    expect(() => requantizeMultiplier(1, [1, 2, 3], [1, 2])).toThrow(fails('HT_SHAPE_MISMATCH'));
  });
});

describe('requantizeOrtF32', () => {
  test('equals QLinearMatMul of ONNX Runtime, ties included', () => {
    for (const v of ort.requantize) {
      const options = {
        dtype: v.dtype,
        multiplier: requantizeMultiplier(...v.scales),
        zeroPoint: v.zeroPoint,
      };
      expect([...requantizeTensor(tensor('int32', v.acc), options).data]).toEqual(v.codes);
    }
  });

  test('adds the zero point after rounding', () => {
    const codes = (zp: number) => [1, 3, 5, 7].map((acc) => requantizeOrtF32(acc, 0.5, zp, 0, 255));
    expect(codes(1)).toEqual([1, 3, 3, 5]);
    expect(codes(113)).toEqual([113, 115, 115, 117]);
  });

  test('differs from exact, fixed-point and floor modes as named', () => {
    const m = Math.fround(0.0052493438);
    const got = [
      [1, 0.5],
      [-3, 0.5],
      [1, 0.25],
      [-5222, m],
    ].map(([x, f]) => requantizeOrtF32(x as number, f as number, 0, -128, 127));
    expect(got.map((q) => q + 0)).toEqual([0, -2, 0, -27]);
  });

  test('rounds the accumulator to float32, then the product', () => {
    // 2^24 + 1 becomes 2^24, whose product is the tie 2.5; the exact product is past it, also in float32.
    expect(requantizeOrtF32(2 ** 24 + 1, 2.5 / 2 ** 24, 0, -128, 127)).toBe(2);
    expect(requantizeOrtF32(2 ** 24 + 2, 2.5 / 2 ** 24, 0, -128, 127)).toBe(3);
    // 3 * f32(1/6) is past the tie 0.5 by less than float32 holds.
    expect(requantizeOrtF32(3, Math.fround(1 / 6), 0, -128, 127)).toBe(0);
  });

  test('saturates in float, before an int32 could overflow', () => {
    for (const m of [1, 1000, 3e38]) {
      expect(requantizeOrtF32(2147483647, m, -5, -128, 127)).toBe(127);
      expect(requantizeOrtF32(-2147483648, m, 200, 0, 255)).toBe(0);
    }
  });

  test('a multiplier that underflowed to 0 gives the zero point', () => {
    for (const acc of [2147483647, -2147483648, 0]) expect(requantizeOrtF32(acc, 0, 9, 0, 255)).toBe(9);
  });

  test('is a code within half a step of the product', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 20), max: 2 ** 20 }),
        fc.float({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 0, max: 255 }),
        (acc, m, zp) => {
          const q = requantizeOrtF32(acc, m, zp, 0, 255);
          expect(q).toBeGreaterThanOrEqual(0);
          expect(q).toBeLessThanOrEqual(255);
          const exact = Math.min(Math.max(acc * m + zp, 0), 255);
          expect(Math.abs(q - exact)).toBeLessThanOrEqual(0.5 + 1e-4);
        },
      ),
    );
  });
});

describe('requantizeTensor', () => {
  const acc = tensor('int32', [100, -100, 200, -200, 3, 4], [3, 2]);

  test('keeps the shape; one multiplier, or one for each index of an axis', () => {
    expect(requantizeTensor(acc, { dtype: 'int8', multiplier: [0.25] })).toEqual(
      tensor('int8', [25, -25, 50, -50, 1, 1], [3, 2]),
    );
    expect([...requantizeTensor(acc, { dtype: 'int8', multiplier: [0.25, 0.5], axis: 1 }).data]).toEqual([
      25, -50, 50, -100, 1, 2,
    ]);
    expect([...requantizeTensor(acc, { dtype: 'int8', multiplier: [1, 0.5, 2], axis: 0 }).data]).toEqual([
      100, -100, 100, -100, 6, 8,
    ]);
  });

  test('a fused clamp acts on codes, after the zero point', () => {
    const relu = requantizeTensor(acc, {
      dtype: 'uint8',
      multiplier: [0.5],
      zeroPoint: 128,
      clamp: [128, 200],
    });
    expect([...relu.data]).toEqual([178, 128, 200, 128, 130, 130]);
  });

  test('refuses what does not fit', () => {
    const wrong: [Partial<RequantizeOptions>, HalftoneErrorCode][] = [
      [{ multiplier: [1, 2] }, 'HT_SHAPE_MISMATCH'],
      [{ multiplier: [1], axis: 0 }, 'HT_SHAPE_MISMATCH'],
      [{ axis: 2 }, 'HT_INVALID_ARGUMENT'],
      [{ zeroPoint: 128 }, 'HT_INVALID_ARGUMENT'],
      [{ zeroPoint: 0.5 }, 'HT_INVALID_ARGUMENT'],
      [{ clamp: [0, 128] }, 'HT_INVALID_ARGUMENT'],
      [{ clamp: [5, 4] }, 'HT_INVALID_ARGUMENT'],
      [{ mode: 'tflite' as 'ort-f32' }, 'HT_UNSUPPORTED'],
    ];
    for (const [options, code] of wrong) {
      expect(
        () => requantizeTensor(acc, { dtype: 'int8', multiplier: [1], ...options }),
        JSON.stringify(options),
      ).toThrow(fails(code));
    }
    expect(() =>
      requantizeTensor(tensor('float32', [1]) as never, { dtype: 'int8', multiplier: [1] }),
    ).toThrow(fails('HT_DTYPE_MISMATCH'));
  });
});

describe('modes', () => {
  // Numerics 4.4: the multiplier, the accumulator, and what double, single, f32 and floor make of them.
  test.each([
    [0.5, 1, 1, 1, 0, 0],
    [0.5, -3, -1, -1, -2, -2],
    [0.25, 1, 1, 0, 0, 0],
    [0.0052493438, -5222, -27, -27, -27, -28],
  ])('%d times %d', (m, acc, double, single, even, floor) => {
    const of = (mode: RequantizeMode): number =>
      requantizeTensor(tensor('int32', [acc]), { dtype: 'int8', multiplier: [m], mode }).data[0]!;
    expect(
      ['tflite-double', 'tflite-single', 'ort-f32', 'shift-floor'].map((mode) => of(mode as RequantizeMode)),
    ).toEqual([double, single, even, floor]);
  });

  // Numerics 4.3, from the reference evaluator of onnx.
  test.each([
    [1, [2, 2, 4, 4]],
    [113, [114, 114, 116, 116]],
  ])('onnx-ref rounds after it has added zero point %d', (zeroPoint, codes) => {
    const options = { dtype: 'uint8', multiplier: [0.5], zeroPoint, mode: 'onnx-ref' } as const;
    expect([...requantizeTensor(tensor('int32', [1, 3, 5, 7]), options).data]).toEqual(codes);
  });

  test('onnx-ref agrees with the ONNX reference evaluator', () => {
    const { requantize } = readVectors<{
      requantize: {
        dtype: 'int8' | 'uint8';
        scales: [number, number, number];
        zeroPoint: number;
        acc: number[];
        codes: number[];
      }[];
    }>('onnx-reference-vectors.json');
    let apart = 0;
    for (const v of requantize) {
      const m = requantizeMultiplier(...v.scales)[0]!;
      const [min, max] = v.dtype === 'int8' ? [-128, 127] : [0, 255];
      expect(v.acc.map((acc) => requantizeOnnxRef(acc, m, v.zeroPoint, min, max))).toEqual(v.codes);
      apart += v.acc.filter(
        (acc, i) => requantizeOrtF32(acc, m, v.zeroPoint, min, max) !== v.codes[i],
      ).length;
    }
    expect(apart).toBeGreaterThan(0);
  });

  test('onnx-ref multiplies in f64', () => {
    const m = Math.fround(1 / 3);
    const acc = 16777217;
    expect(requantizeOnnxRef(acc, m / 2 ** 20, 0, -128, 127)).toBe(5);
    expect(requantizeOnnxRef(2 ** 31 - 1, m, 3, -128, 127)).toBe(127);
    expect(requantizeOnnxRef(-(2 ** 31), m, 3, -128, 127)).toBe(-128);
  });

  test('all saturate, and take a clamp after the zero point', () => {
    for (const mode of requantizeModes) {
      const options = { dtype: 'int8', multiplier: [0.75], zeroPoint: -3, clamp: [-3, 100], mode } as const;
      const acc = tensor('int32', [2 ** 31 - 1, -(2 ** 31), -5, 40]);
      expect([...requantizeTensor(acc, options).data], mode).toEqual([100, -3, -3, 27]);
    }
  });

  test('fixed factors come from the f64 product of float32 scales', () => {
    const [sa, sb, sy] = f32([0.0123, 0.0457, 0.3]) as [number, number, number];
    const { multiplier, shift } = requantizeFactors('tflite-double', sa, [sb, 2 * sb], sy);
    expect(shift).toEqual(Int32Array.of(-9, -8));
    expect(multiplier[0]).toBe(Math.floor(((sa * sb) / sy) * 2 ** 40 + 0.5));
    expect(multiplier[1]).toBe(multiplier[0]);
    expect(requantizeFactors('onnx-ref', sa, sb, sy)).toEqual({
      multiplier: requantizeMultiplier(sa, sb, sy),
    });
  });
});
