import { describe, expect, test } from 'vitest';
import { codeRange } from '../../src/dtype.ts';
import { chooseParams, dynamicParams } from '../../src/numerics/params.ts';
import { dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { byteSize, tensor } from '../../src/tensor.ts';
import { f32 } from './vectors.ts';

describe('"Speeding up Deep Learning with Quantization" (FBGEMM)', () => {
  const x = tensor('float32', [-1, 0, 1]);

  test('what it calls int8 "between 0 and 255" is uint8, another dtype', () => {
    expect(codeRange('uint8')).toEqual([0, 255]);
    expect(codeRange('int8')).toEqual([-128, 127]);
    expect([...quantizeTensor(x, { dtype: 'uint8', scale: 1 / 127 }).codes.data]).toEqual([0, 0, 127]);
  });

  test('quantizes per row, others per layer', () => {
    const rows = tensor('float32', [1, -1, 100, 50], [2, 2]);
    expect([...quantizeTensor(rows, { granularity: 'per-row' }).scale]).toEqual(f32([1 / 127, 100 / 127]));
    expect([...quantizeTensor(rows, { granularity: 'per-tensor' }).scale]).toEqual(f32([100 / 127]));
  });

  test('x / scale + offset lacks the rounding, which comes before the offset, and the clamp', () => {
    const ties = tensor('float32', [0.5, 1.5, 300]);
    expect([...quantizeTensor(ties, { dtype: 'uint8', scale: 1, zeroPoint: 1 }).codes.data]).toEqual([
      1, 3, 255,
    ]);
    const inside = quantizeTensor(ties, {
      dtype: 'uint8',
      scale: 1,
      zeroPoint: 1,
      roundAfterZeroPoint: true,
    });
    expect([...inside.codes.data]).toEqual([2, 2, 255]);
  });

  test('[-1, 1] over [0, 255]: the offset 127.5 is 128 in float64, 127 in float32', () => {
    const range = { min: -1, max: 1 };
    const f64 = chooseParams(range, { dtype: 'uint8', scheme: 'asymmetric', arithmetic: 'f64' });
    const single = chooseParams(range, { dtype: 'uint8', scheme: 'asymmetric', arithmetic: 'f32' });
    expect([f64.scale[0], f64.zeroPoint?.[0]]).toEqual([Math.fround(2 / 255), 128]);
    expect([single.scale[0], single.zeroPoint?.[0]]).toEqual([Math.fround(2 / 255), 127]);
    expect(chooseParams(range, { dtype: 'uint8', scheme: 'asymmetric' })).toEqual(f64);
    expect(dynamicParams(-1, 1)).toEqual(single);
    const dynamic = quantizeTensor(tensor('float32', [-1, 1]), { dtype: 'uint8', arithmetic: 'f32' });
    expect([...dynamic.codes.data]).toEqual([0, 254]);
  });

  test('dequantizes as (q - offset) * scale; zero is exact, one end is half a step short', () => {
    const f64 = quantizeTensor(x, { dtype: 'uint8', arithmetic: 'f64' });
    expect([...f64.codes.data]).toEqual([1, 128, 255]);
    const single = quantizeTensor(x, { dtype: 'uint8', arithmetic: 'f32' });
    expect([...single.codes.data]).toEqual([0, 127, 254]);
    for (const q of [f64, single]) {
      const [low, zero, high] = dequantizeTensor(q).data;
      expect(low).toBeCloseTo(-0.996078, 6);
      expect(zero).toBe(0);
      expect(high).toBeCloseTo(0.996078, 6);
    }
  });

  test('codes are a quarter of the floats, the scales aside', () => {
    const weights = tensor('float32', new Float32Array(64 * 128), [64, 128]);
    const q = quantizeTensor(weights, { granularity: 'per-row' });
    expect(byteSize(weights) / byteSize(q.codes)).toBe(4);
    expect(byteSize(weights) / (byteSize(q.codes) + q.scale.byteLength)).toBeGreaterThan(3.8);
  });
});
