import reference from '@halftone/backend-reference';
import {
  type Backend,
  chooseParams,
  isHalftoneError,
  openBackend,
  quantizeTensor,
  requantizeMultiplier,
  requantizeOrtF32,
  tensor,
} from '@halftone/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend(reference);
});
afterAll(async () => {
  expect(backend.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
  await backend.dispose();
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (isHalftoneError(error)) return error.code;
    throw error;
  }
  return 'none';
}

// CMSC5743 Lecture 06: ranges [-2, 2] and [-1, 1], requantized to [-3, 3].
const a = quantizeTensor(tensor('float32', [-1.54, 0.22, -0.26, 0.65], [2, 2]), {
  range: { min: -2, max: 2 },
});
const b = quantizeTensor(tensor('float32', [0.35, -0.51], [2, 1]), { range: { min: -1, max: 1 } });

describe('qgemm', () => {
  it('gives int32 sums, floats and requantized codes of one product', async () => {
    const sums = await backend.qgemm(a, b);
    expect(Array.from(sums.data)).toEqual([-5222, -3413]);
    const floats = await backend.qgemm(a, b, { output: 'float32' });
    expect(floats.data[0]).toBeCloseTo(-0.6475293, 6);
    expect(floats.data[1]).toBeCloseTo(-0.4232128, 6);
    const output = chooseParams({ min: -3, max: 3 }, { dtype: 'int8', scheme: 'symmetric' });
    const codes = await backend.qgemm(a, b, { output });
    expect(Array.from(codes.codes.data)).toEqual([-27, -18]);
    expect(codes.scale).toBe(output.scale);
  });

  it('adds a bias before scaling, clamps, and reads B the other way round', async () => {
    const bias = tensor('int32', [222], [1]);
    expect(Array.from((await backend.qgemm(a, b, { bias })).data)).toEqual([-5000, -3191]);
    const output = chooseParams({ min: -3, max: 3 }, { dtype: 'int8', scheme: 'symmetric' });
    const clamped = await backend.qgemm(a, b, { output, clamp: [-20, 127] });
    expect(Array.from(clamped.codes.data)).toEqual([-20, -18]);
    const { params, scale, zeroPoint } = b;
    const transposed = { params, scale, zeroPoint, codes: { ...b.codes, shape: [1, 2] } };
    expect(Array.from((await backend.qgemm(a, transposed, { transposeB: true })).data)).toEqual([
      -5222, -3413,
    ]);
  });

  it('takes a scale for each column and a zero point of A', async () => {
    const x = quantizeTensor(tensor('float32', [0, 1, 2, 3], [2, 2]), {
      dtype: 'uint8',
      scale: 0.5,
      zeroPoint: 3,
    });
    const w = quantizeTensor(tensor('float32', [1, -10, 0.5, 20], [2, 2]), { granularity: { axis: 1 } });
    const floats = await backend.qgemm(x, w, { output: 'float32' });
    const exact = [0.5, 20, 3.5, 40];
    floats.data.forEach((value, i) => expect(Math.abs(value - exact[i]!)).toBeLessThan(0.3));
    const sums = await backend.qgemm(x, w);
    const [, w01, , w11] = w.codes.data as Int8Array;
    expect(sums.data[3]).toBe(4 * w01! + 6 * w11!);
  });

  it('refuses operands that do not fit', async () => {
    expect(await codeOf(backend.qgemm(a, b, { transposeB: true }))).toBe('HT_SHAPE_MISMATCH');
    const rows = quantizeTensor(tensor('float32', [1, 2, 3, 4], [2, 2]), { granularity: 'per-row' });
    expect(await codeOf(backend.qgemm(a, rows))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(backend.qgemm(rows, b))).toBe('HT_INVALID_ARGUMENT');
    const vector = quantizeTensor(tensor('float32', [1, 2]));
    expect(await codeOf(backend.qgemm(vector, b))).toBe('HT_SHAPE_MISMATCH');
  });
});

describe('quantize, dequantize, requantize', () => {
  it('agree with core per tensor and per axis', async () => {
    const x = tensor(
      'float32',
      Float32Array.from({ length: 12 }, (_, i) => i * 0.37 - 2),
      [3, 4],
    );
    for (const granularity of ['per-tensor', 'per-row', { axis: 1 }] as const) {
      const expected = quantizeTensor(x, { dtype: 'uint8', granularity });
      const got = await backend.quantize(x, expected.params);
      expect(got.codes).toEqual(expected.codes);
      const back = await backend.dequantize(got);
      back.data.forEach((value, i) => expect(Math.abs(value - x.data[i]!)).toBeLessThan(0.05));
    }
  });

  it('requantizes sums by the one spelling of core', async () => {
    const sums = tensor('int32', [-5222, -3413, 100000, -7], [2, 2]);
    const to = chooseParams({ min: -1, max: 3 }, { dtype: 'uint8', scheme: 'asymmetric' });
    const from = [0.0005, 0.002];
    const got = await backend.requantize(sums, from, to, { axis: 1 });
    const m = requantizeMultiplier(from, 1, to.scale[0]!);
    const expected = Array.from(sums.data, (sum, i) =>
      requantizeOrtF32(sum, m[i % 2]!, to.zeroPoint![0]!, 0, 255),
    );
    expect(Array.from(got.codes.data)).toEqual(expected);
  });
});

describe('qconv2d', () => {
  it('is a sum over the window, with the zero point outside the image', async () => {
    const x = quantizeTensor(tensor('float32', [1, 2, 3, 4], [1, 2, 2, 1]), {
      dtype: 'uint8',
      scale: 1,
      zeroPoint: 7,
    });
    const w = quantizeTensor(tensor('float32', new Float32Array(9).fill(1), [1, 3, 3, 1]), { scale: 1 });
    const y = await backend.qconv2d(x, w, { pads: [1, 1, 1, 1] });
    expect(y.shape).toEqual([1, 2, 2, 1]);
    expect(Array.from(y.data)).toEqual([10, 10, 10, 10]);
    const depthwise = quantizeTensor(tensor('float32', [1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]), {
      dtype: 'uint8',
      scale: 1,
      zeroPoint: 0,
    });
    const filters = quantizeTensor(tensor('float32', [1, 2], [2, 1, 1, 1]), { scale: 1 });
    const each = await backend.qconv2d(depthwise, filters, { groups: 2 });
    expect(Array.from(each.data)).toEqual([1, 4, 3, 8, 5, 12, 7, 16]);
  });
});
