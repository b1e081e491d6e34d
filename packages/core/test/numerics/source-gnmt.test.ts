import { describe, expect, test } from 'vitest';
import { mse } from '../../src/numerics/metrics.ts';
import { schemeCodes } from '../../src/numerics/params.ts';
import { type QuantizedTensor, dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { roundHalfEven } from '../../src/numerics/round.ts';
import { tensor } from '../../src/tensor.ts';
import { f32 } from './vectors.ts';

describe('"Neural Network Quantization" (types and the scheme of GNMT)', () => {
  const w = tensor('float32', [0.0114, -0.0231, 0.0445, 0, 0, 0, -0.0409, -0.0435, -0.04], [3, 3]);
  const errors = (q: QuantizedTensor) => Array.from(dequantizeTensor(q).data, (v, i) => w.data[i]! - v);
  const near = (got: number[], expected: number[], digits: number) => {
    expect(got.length).toBe(expected.length);
    got.forEach((v, i) => expect(v).toBeCloseTo(expected[i]!, digits));
  };

  test('scale 1/255: codes, multiplied back, and the error as W minus its estimate', () => {
    const q = quantizeTensor(w, { scale: 1 / 255 });
    expect([...q.codes.data]).toEqual([3, -6, 11, 0, 0, 0, -10, -11, -10]);
    near(
      [...dequantizeTensor(q).data],
      [0.011765, -0.023529, 0.043137, 0, 0, 0, -0.039216, -0.043137, -0.039216],
      6,
    );
    near(errors(q), [-0.000365, 0.000429, 0.001363, 0, 0, 0, -0.001684, -0.000363, -0.000784], 6);
  });

  test('symmetric signed, symmetric unsigned and asymmetric are three schemes', () => {
    expect(schemeCodes('int8', 'symmetric-full')).toEqual([-128, 127]);
    expect(schemeCodes('uint8', 'symmetric-unsigned')).toEqual([0, 255]);
    expect(quantizeTensor(w, { dtype: 'uint8', scheme: 'symmetric-unsigned' }).zeroPoint).toBeUndefined();
    expect(quantizeTensor(w, { dtype: 'uint8', scheme: 'asymmetric' }).zeroPoint).toBeDefined();
  });

  test('per row by absmax: a row of zeros has the codes 0 and a finite scale', () => {
    const q = quantizeTensor(w, { granularity: 'per-row' });
    expect([...q.scale]).toEqual(f32([Math.fround(0.0445) / 127, 1, Math.fround(0.0435) / 127]));
    expect([...q.codes.data]).toEqual([33, -66, 127, 0, 0, 0, -119, -127, -117]);
  });

  test('its scale is a multiplier, the inverse of ours; both paths give the same codes', () => {
    const q = quantizeTensor(w, { granularity: 'per-row' });
    const multipliers = f32([127 / Math.fround(0.0445), 1, 127 / Math.fround(0.0435)]);
    expect(multipliers).toEqual(f32([2853.9326, 1, 2919.5403]));
    const products = f32(Array.from(w.data, (v, i) => v * multipliers[Math.floor(i / 3)]!));
    expect(products).toEqual(f32([32.534832, -65.92584, 127, 0, 0, 0, -119.409195, -127, -116.78161]));
    expect(products.map(roundHalfEven)).toEqual([...q.codes.data]);
    // From the step in float32 the second is its neighbour; the codes do not differ.
    expect([...q.multiplier()]).toEqual(f32([2853.9326, 1, 2919.54053]));
    const ours = f32(Array.from(w.data, (v, i) => v * q.multiplier()[Math.floor(i / 3)]!));
    expect(ours.map(roundHalfEven)).toEqual([...q.codes.data]);
    const quotients = f32(Array.from(w.data, (v, i) => v / q.scale[Math.floor(i / 3)]!));
    near(quotients.slice(6, 8), [-119.40920258, -127.00000763], 7);
  });

  test('per row is not better than per tensor here: errors and their mean squares', () => {
    const rows = quantizeTensor(w, { granularity: 'per-row' });
    near(errors(rows), [-1.63e-4, 2.598e-5, 0, 0, 0, 0, -1.402e-4, 0, 7.48e-5], 7);
    const of = (q: QuantizedTensor) => mse(w.data, dequantizeTensor(q).data);
    expect(of(quantizeTensor(w, { scale: 1 / 255 })) / 6.398e-7).toBeCloseTo(1, 3);
    expect(of(quantizeTensor(w)) / 4.681e-9).toBeCloseTo(1, 3);
    expect(of(rows) / 5.831e-9).toBeCloseTo(1, 3);
  });
});
