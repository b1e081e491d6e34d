import { describe, expect, test } from 'vitest';
import { type HalftoneErrorCode, isHalftoneError } from '../../src/errors.ts';
import type { QuantParams } from '../../src/numerics/params.ts';
import {
  type QuantizeOptions,
  dequantizeTensor,
  quantizeArray,
  quantizeTensor,
} from '../../src/numerics/quantize.ts';
import type { Rounding } from '../../src/numerics/round.ts';
import { tensor } from '../../src/tensor.ts';
import { f32, ort } from './vectors.ts';

const fails = (code: HalftoneErrorCode) => expect.toSatisfy((e) => isHalftoneError(e, code));
const codes = (x: number[], options: QuantizeOptions) => [
  ...quantizeTensor(tensor('float32', x), options).codes.data,
];
const int8 = (scale: number, zero?: number): QuantParams<'int8'> => ({
  dtype: 'int8',
  scale: Float32Array.of(scale),
  zeroPoint: zero === undefined ? undefined : Int32Array.of(zero),
  axis: undefined,
});

describe('quantize to the bit', () => {
  test('equals QuantizeLinear of ONNX Runtime', () => {
    for (const v of ort.quantize) {
      expect(codes(v.x, { dtype: v.dtype, scale: v.scale, zeroPoint: v.zeroPoint })).toEqual(v.codes);
    }
  });

  test('NaN becomes the lowest code, infinities and large values saturate, ties go to even', () => {
    const x = [NaN, Infinity, -Infinity, 2.5, 127.5, -0.5, 1e38, -1e38, 300, -300, -128.5, 126.5];
    expect(codes(x, { dtype: 'int8', scale: 1 })).toEqual([
      -128, 127, -128, 2, 127, 0, 127, -128, 127, -128, -128, 126,
    ]);
    expect(codes(x, { dtype: 'int8', scale: 1, zeroPoint: 127 })).toEqual([
      -128, 127, -128, 127, 127, 127, 127, -128, 127, -128, -1, 127,
    ]);
    expect(codes(x, { dtype: 'uint8', scale: 1 })).toEqual([0, 255, 0, 2, 128, 0, 255, 0, 255, 0, 0, 126]);
    expect(codes(x, { dtype: 'uint8', scale: 1, zeroPoint: 7 })).toEqual([
      0, 255, 0, 9, 135, 7, 255, 0, 255, 0, 0, 133,
    ]);
  });

  test('the zero point is added after rounding', () => {
    expect(codes([0.5, 1.5, 2.5, 3.5], { dtype: 'uint8', scale: 1, zeroPoint: 1 })).toEqual([1, 3, 3, 5]);
  });

  test('the quotient is a division in float32, not a product with 1 / scale and not a division in float64', () => {
    const scale = Math.fround(0.1);
    const inverse = Math.fround(1 / scale);
    const x = Float32Array.from({ length: 2000 }, (_, i) => ((i % 255) - 127 + 0.5) * 0.1);
    const divided = Array.from(x, (v) => Math.fround(v / scale));
    const got = [...quantizeTensor(tensor('float32', x), { dtype: 'int8', scale }).codes.data];
    const even = (t: number) => {
      const below = Math.floor(t);
      return t - below === 0.5 ? below + (below & 1) : Math.floor(t + 0.5);
    };
    const saturate = (t: number) => Math.min(Math.max(even(t), -128), 127);
    expect(got).toEqual(divided.map(saturate));
    expect(got).not.toEqual(Array.from(x, (v) => saturate(Math.fround(v * inverse))));
    expect(got).not.toEqual(Array.from(x, (v) => saturate(v / scale)));
  });

  test('uint8 without zero point equals a store into Uint8ClampedArray, on every quarter', () => {
    const x = Float32Array.from({ length: 1200 * 4 }, (_, i) => i / 4 - 400);
    const got = quantizeTensor(tensor('float32', x), { dtype: 'uint8', scale: 1 });
    expect([...got.codes.data]).toEqual([...Uint8ClampedArray.from(x)]);
  });

  test.each([
    ['half-even', [-2, -2, 0, 0, 2, 2]],
    ['half-away', [-3, -2, -1, 1, 2, 3]],
    ['half-up', [-2, -1, 0, 1, 2, 3]],
    ['floor', [-3, -2, -1, 0, 1, 2]],
    ['trunc', [-2, -1, 0, 0, 1, 2]],
  ] as [Rounding, number[]][])('rounding %s', (rounding, expected) => {
    expect(codes([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], { dtype: 'int8', scale: 1, rounding })).toEqual(expected);
  });
});

describe('quantizeTensor', () => {
  test('defaults: int8 symmetric, uint8 asymmetric, per tensor', () => {
    const x = tensor('float32', [-1, 0, 0.5], [3]);
    const signed = quantizeTensor(x);
    expect(signed.codes).toEqual(tensor('int8', [-127, 0, 64], [3]));
    expect(signed.scale).toEqual(Float32Array.of(1 / 127));
    expect(signed.zeroPoint).toBeUndefined();
    const unsigned = quantizeTensor(x, { dtype: 'uint8' });
    expect(unsigned.codes).toEqual(tensor('uint8', [0, 170, 255], [3]));
    expect([...unsigned.scale, ...(unsigned.zeroPoint ?? [])]).toEqual([Math.fround(1.5 / 255), 170]);
    expect(unsigned.params).toEqual({
      dtype: 'uint8',
      scale: unsigned.scale,
      zeroPoint: unsigned.zeroPoint,
      axis: undefined,
    });
  });

  test('one scale a channel, a row or an index of any axis', () => {
    const x = tensor('float32', [1, -2, 3, 4, -50, 6, 7, 8, 9, -10, 11, 120], [2, 3, 2]);
    for (const granularity of ['per-channel', 'per-row', { axis: 0 }, { axis: -3 }] as const) {
      const q = quantizeTensor(x, { granularity });
      expect([...q.scale]).toEqual(f32([50 / 127, 120 / 127]));
      expect(q.params.axis).toBe(0);
      expect([...q.codes.data]).toEqual([3, -5, 8, 10, -127, 15, 7, 8, 10, -11, 12, 127]);
    }
    expect([...quantizeTensor(x, { granularity: { axis: 1 } }).scale]).toEqual(
      f32([8 / 127, 10 / 127, 120 / 127]),
    );
    const last = quantizeTensor(x, { granularity: { axis: -1 } });
    expect([...last.scale]).toEqual(f32([50 / 127, 120 / 127]));
    expect([...last.codes.data]).toEqual([3, -2, 8, 4, -127, 6, 18, 8, 23, -11, 28, 127]);
    expect([...dequantizeTensor(last).data]).toEqual(
      Array.from(last.codes.data, (c, i) => Math.fround(c * (last.scale[i % 2] as number))),
    );
  });

  test('all-zero rows quantize to 0 with scale 1, beside rows that are not', () => {
    const q = quantizeTensor(tensor('float32', [0, 0, 1, -1], [2, 2]), { granularity: 'per-row' });
    expect([...q.scale]).toEqual(f32([1, 1 / 127]));
    expect([...q.codes.data]).toEqual([0, 0, 127, -127]);
  });

  test('scalars, empty tensors and empty axes', () => {
    const scalar = quantizeTensor(tensor('float32', [-3], []));
    expect([scalar.codes.shape, scalar.codes.data[0], scalar.scale[0]]).toEqual([
      [],
      -127,
      Math.fround(3 / 127),
    ]);
    const empty = quantizeTensor(tensor('float32', [], [0, 3]));
    expect([empty.codes.shape, empty.codes.data.length, ...empty.scale]).toEqual([[0, 3], 0, 1]);
    expect(quantizeTensor(tensor('float32', [], [0, 3]), { granularity: 'per-row' }).scale.length).toBe(0);
    expect([...quantizeTensor(tensor('float32', [], [3, 0]), { granularity: 'per-row' }).scale]).toEqual([
      1, 1, 1,
    ]);
    expect(dequantizeTensor(empty)).toEqual(tensor('float32', [], [0, 3]));
  });

  test('a range by hand saturates within the codes of the scheme', () => {
    const range = { min: -1, max: 1 };
    expect(codes([-5, -1, 0.5, 5], { range })).toEqual([-127, -127, 64, 127]);
    expect(codes([-5, -1, 0.5, 5], { range, reduceRange: true })).toEqual([-64, -64, 32, 64]);
    expect(codes([-5, 0.5, 5], { range, scheme: 'symmetric-full' })).toEqual([-128, 64, 127]);
    expect(codes([-5, 0.25, 5], { range, dtype: 'uint8', reduceRange: true })).toEqual([0, 80, 127]);
  });

  test('a range or scale by hand is one for all channels, or one each', () => {
    const x = tensor('float32', [1, 2, 3, 4], [2, 2]);
    const granularity = 'per-channel';
    expect([...quantizeTensor(x, { granularity, range: { min: 0, max: 127 } }).scale]).toEqual([1, 1]);
    expect([
      ...quantizeTensor(x, {
        granularity,
        range: [
          { min: 0, max: 127 },
          { min: -254, max: 0 },
        ],
      }).scale,
    ]).toEqual([1, 2]);
    expect([...quantizeTensor(x, { granularity, scale: 0.5 }).codes.data]).toEqual([2, 4, 6, 8]);
    const each = quantizeTensor(x, { granularity, dtype: 'uint8', scale: [1, 0.5], zeroPoint: [7, 9] });
    expect([...each.codes.data]).toEqual([8, 9, 15, 17]);
    expect([...(each.zeroPoint ?? [])]).toEqual([7, 9]);
    expect([...dequantizeTensor(each).data]).toEqual([1, 2, 3, 4]);
  });

  test('a scale by hand follows QuantizeLinear: the whole dtype, no zero point where the scheme has none', () => {
    const q = quantizeTensor(tensor('float32', [-200]), { scale: 1 });
    expect([q.codes.data[0], q.zeroPoint]).toEqual([-128, undefined]);
    expect([...(quantizeTensor(tensor('float32', [1]), { scale: 1, zeroPoint: 3 }).zeroPoint ?? [])]).toEqual(
      [3],
    );
    const middle = quantizeTensor(tensor('float32', [1]), { dtype: 'uint8', scheme: 'symmetric', scale: 1 });
    expect([middle.codes.data[0], ...(middle.zeroPoint ?? [])]).toEqual([129, 128]);
    const reduced = { dtype: 'uint8', scheme: 'symmetric', scale: 1, reduceRange: true } as const;
    expect(codes([1], reduced)).toEqual([65]);
  });

  test('NaN is skipped in the range; infinite data need a range or a scale', () => {
    const q = quantizeTensor(tensor('float32', [NaN, 1, -2]));
    expect([...q.scale]).toEqual(f32([2 / 127]));
    expect([...q.codes.data]).toEqual([-127, 64, -127]);
    expect([...quantizeTensor(tensor('float32', [NaN, NaN]), { dtype: 'uint8' }).codes.data]).toEqual([0, 0]);
    for (const bad of [Infinity, -Infinity]) {
      const x = tensor('float32', [1, bad, NaN, 2], [2, 2]);
      for (const granularity of ['per-tensor', 'per-row'] as const) {
        expect(() => quantizeTensor(x, { granularity })).toThrow(fails('HT_INVALID_ARGUMENT'));
      }
      expect(codes([1, bad], { range: { min: -1, max: 1 } })).toEqual([127, bad > 0 ? 127 : -127]);
    }
  });

  test('inputs are not changed', () => {
    const data = Float32Array.of(1, NaN, -3, 0.3);
    const before = data.slice();
    const scale = Float32Array.of(0.25);
    const q = quantizeTensor(tensor('float32', data), { scale });
    expect(data).toEqual(before);
    expect(scale).toEqual(Float32Array.of(0.25));
    expect(q.scale).not.toBe(scale);
  });

  test('options that contradict each other or the tensor are refused', () => {
    const x = tensor('float32', [1, 2, 3, 4], [2, 2]);
    const range = { min: -1, max: 1 };
    const wrong: [QuantizeOptions, HalftoneErrorCode][] = [
      [{ scale: 1, range }, 'HT_INVALID_ARGUMENT'],
      [{ zeroPoint: 3, dtype: 'uint8' }, 'HT_INVALID_ARGUMENT'],
      [{ scale: 0 }, 'HT_INVALID_ARGUMENT'],
      [{ scale: -1 }, 'HT_INVALID_ARGUMENT'],
      [{ scale: NaN }, 'HT_INVALID_ARGUMENT'],
      [{ scale: Infinity }, 'HT_INVALID_ARGUMENT'],
      [{ scale: 1e-60 }, 'HT_INVALID_ARGUMENT'],
      [{ scale: 1, zeroPoint: 128 }, 'HT_INVALID_ARGUMENT'],
      [{ scale: 1, zeroPoint: 0.5 }, 'HT_INVALID_ARGUMENT'],
      [{ scale: 1, zeroPoint: 3, scheme: 'symmetric' }, 'HT_INVALID_ARGUMENT'],
      [{ scale: 1, zeroPoint: -1, dtype: 'uint8' }, 'HT_INVALID_ARGUMENT'],
      [{ scale: [1, 1] }, 'HT_SHAPE_MISMATCH'],
      [{ scale: [1, 1, 1], granularity: 'per-row' }, 'HT_SHAPE_MISMATCH'],
      [{ scale: 1, zeroPoint: [1, 1], dtype: 'uint8' }, 'HT_SHAPE_MISMATCH'],
      [{ range: [range, range] }, 'HT_SHAPE_MISMATCH'],
      [{ range: [range], granularity: 'per-row' }, 'HT_SHAPE_MISMATCH'],
      [{ granularity: { axis: 2 } }, 'HT_INVALID_ARGUMENT'],
      [{ granularity: { axis: -3 } }, 'HT_INVALID_ARGUMENT'],
      [{ granularity: { axis: 0.5 } }, 'HT_INVALID_ARGUMENT'],
      [{ granularity: 'per-block' as 'per-row' }, 'HT_INVALID_ARGUMENT'],
      [{ dtype: 'int3' as 'int4' }, 'HT_INVALID_ARGUMENT'],
      [{ dtype: 'int2', reduceRange: true }, 'HT_INVALID_ARGUMENT'],
      [{ granularity: { axis: 0, block: 0 } }, 'HT_INVALID_ARGUMENT'],
      [{ granularity: { axis: 0, block: 1.5 } }, 'HT_INVALID_ARGUMENT'],
      [{ granularity: { axis: 0, block: 2 }, scale: [1, 1, 1] }, 'HT_SHAPE_MISMATCH'],
      [{ scheme: 'symmetric-unsigned' }, 'HT_INVALID_ARGUMENT'],
      [{ rounding: 'up' as 'floor' }, 'HT_INVALID_ARGUMENT'],
      [{ rounding: { stochastic: -1 } }, 'HT_INVALID_ARGUMENT'],
      [{ scheme: 'fixed-point', scale: 0.3 }, 'HT_INVALID_ARGUMENT'],
      [{ scheme: 'fixed-point', scale: 0.5, zeroPoint: 1 }, 'HT_INVALID_ARGUMENT'],
    ];
    for (const [options, code] of wrong)
      expect(() => quantizeTensor(x, options), JSON.stringify(options)).toThrow(fails(code));
    expect(() => quantizeTensor(tensor('float32', [1], []), { granularity: 'per-channel' })).toThrow(
      fails('HT_INVALID_ARGUMENT'),
    );
    expect(() => quantizeTensor(tensor('int32', [1]) as never)).toThrow(fails('HT_DTYPE_MISMATCH'));
  });
});

describe('the zero point before rounding', () => {
  const ties = [0.5, 1.5, 2.5, 3.5, -0.5, -1.5];
  const both = (zeroPoint: number, options: QuantizeOptions = {}) =>
    [false, true].map((roundAfterZeroPoint) =>
      codes(ties, { dtype: 'uint8', scale: 1, zeroPoint, roundAfterZeroPoint, ...options }),
    );

  test('differs on ties where the zero point is odd, and only there', () => {
    expect(both(113)).toEqual([
      [113, 115, 115, 117, 113, 111],
      [114, 114, 116, 116, 112, 112],
    ]);
    expect(both(112)[0]).toEqual(both(112)[1]);
  });

  test('saturates at the same ends; NaN is the lowest code in both', () => {
    for (const roundAfterZeroPoint of [false, true]) {
      const options = { dtype: 'uint8', scale: 1, zeroPoint: 3, roundAfterZeroPoint } as const;
      expect(codes([NaN, Infinity, -Infinity, 252.5, 253, -3, -4], options)).toEqual([
        0, 255, 0, 255, 255, 0, 0,
      ]);
    }
  });

  test('goes with every rounding: trunc has another zero to go to', () => {
    expect(both(2, { rounding: 'trunc' })).toEqual([
      [2, 3, 4, 5, 2, 1],
      [2, 3, 4, 5, 1, 0],
    ]);
    expect(both(2, { rounding: 'floor' })[0]).toEqual(both(2, { rounding: 'floor' })[1]);
  });

  test('per channel each has its own', () => {
    const x = tensor('float32', [0.5, 0.5, 0.5], [3, 1]);
    const q = quantizeTensor(x, {
      dtype: 'uint8',
      granularity: 'per-channel',
      scale: 1,
      zeroPoint: [0, 1, 2],
      roundAfterZeroPoint: true,
    });
    expect([...q.codes.data]).toEqual([0, 2, 2]);
  });
});

describe('a fixed-point scale', () => {
  test('is a power of two by hand or from the data', () => {
    const q = quantizeTensor(tensor('float32', [0.3, -0.7]), { scheme: 'fixed-point' });
    expect([q.scale[0], q.zeroPoint, [...q.codes.data]]).toEqual([2 ** -7, undefined, [38, -90]]);
    expect(codes([0.3, -0.7], { scheme: 'fixed-point', scale: 2 ** -4 })).toEqual([5, -11]);
    expect(codes([0.3, -0.7, 3], { scheme: 'fixed-point', dtype: 'uint8' })).toEqual([19, 0, 192]);
  });
});

describe('step and multiplier', () => {
  test('one a tensor or one an index of the axis; the multiplier is the float32 inverse', () => {
    const x = tensor('float32', [127, 0, 63.5, -12.7], [2, 2]);
    const q = quantizeTensor(x, { granularity: 'per-row' });
    expect([...q.step()]).toEqual([1, 0.5]);
    expect([...q.multiplier()]).toEqual([1, 2]);
    const third = quantizeTensor(x, { scale: 3 });
    expect([[...third.step()], [...third.multiplier()]]).toEqual([[3], f32([1 / 3])]);
    expect(quantizeTensor(x, { scale: 2 ** -140 }).multiplier()[0]).toBe(Infinity);
  });

  test('are copies, and the result stays plain data', () => {
    const q = quantizeTensor(tensor('float32', [1, 2]), { scale: 1 });
    q.step()[0] = 9;
    expect(q.scale[0]).toBe(1);
    const copy = structuredClone(q);
    expect(dequantizeTensor(copy).data).toEqual(Float32Array.of(1, 2));
    expect(Object.keys(copy)).toEqual(['codes', 'params', 'scale', 'zeroPoint']);
  });
});

describe('quantizeArray', () => {
  test('refuses arrays, shapes and parameters that do not fit', () => {
    const x = new Float32Array(6);
    const two = { ...int8(1), scale: Float32Array.of(1, 1), axis: 1 };
    expect(() => quantizeArray(x, int8(1), new Int8Array(5))).toThrow(fails('HT_SHAPE_MISMATCH'));
    expect(() => quantizeArray(x, { ...two, axis: undefined }, new Int8Array(6))).toThrow(
      fails('HT_SHAPE_MISMATCH'),
    );
    expect(() => quantizeArray(x, two, new Int8Array(6))).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => quantizeArray(x, two, new Int8Array(6), { shape: [6] })).toThrow(
      fails('HT_INVALID_ARGUMENT'),
    );
    expect(() => quantizeArray(x, two, new Int8Array(6), { shape: [2, 3] })).toThrow(
      fails('HT_SHAPE_MISMATCH'),
    );
    expect(() => quantizeArray(x, two, new Int8Array(6), { shape: [4, 2] })).toThrow(
      fails('HT_SHAPE_MISMATCH'),
    );
    expect(() => quantizeArray(x, two, new Int8Array(6), { shape: [3, 2] })).not.toThrow();
  });
});
