import { describe, expect, test } from 'vitest';
import { type AnyCodeType, codeRange, codeTypes, heldAs } from '../../src/dtype.ts';
import { formats, isFormat } from '../../src/formats/formats.ts';
import { dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { sizeOf, tensor } from '../../src/tensor.ts';

/** Reals of both signs that no scale fits exactly. */
function reals(shape: readonly number[]) {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 37) % 101) / 17 - 2.9);
  return tensor('float32', data, shape);
}

/** One index of each axis, of the `i`-th element. */
function indexOf(i: number, shape: readonly number[]): number[] {
  return shape.map((extent, axis) => Math.floor(i / sizeOf(shape.slice(axis + 1))) % extent);
}

const places: [shape: number[], axis: number, block: number][] = [
  [[7], 0, 3],
  [[4, 6], 1, 2],
  [[4, 6], 1, 4],
  [[4, 6], 0, 2],
  [[5, 3], 0, 2],
  [[5, 3], 0, 1],
  [[2, 5, 3], 1, 2],
  [[2, 5, 3], -1, 2],
  [[2, 5, 3], 0, 4],
  [[2, 3, 1, 2], 1, 2],
  [[3, 0], 1, 2],
  [[0, 3], 1, 2],
];

describe('one scale for each block', () => {
  test.each(places)('shape %j, axis %i, block %i: each block as a tensor by itself', (shape, axis, block) => {
    const x = reals(shape);
    const q = quantizeTensor(x, { dtype: 'uint8', granularity: { axis, block } });
    const at = axis < 0 ? axis + shape.length : axis;
    expect(q.params).toMatchObject({ axis: at, block });
    const scaleShape = shape.with(at, Math.ceil(shape[at]! / block));
    expect(q.scale.length).toBe(sizeOf(scaleShape));
    const members = new Map<number, number[]>();
    x.data.forEach((_, i) => {
      const place = indexOf(i, shape);
      place[at] = Math.floor(place[at]! / block);
      const p = place.reduce((sum, index, a) => sum * scaleShape[a]! + index, 0);
      members.set(p, [...(members.get(p) ?? []), i]);
    });
    const back = dequantizeTensor(q);
    for (const [p, elements] of members) {
      const alone = quantizeTensor(
        tensor(
          'float32',
          elements.map((i) => x.data[i]!),
        ),
        { dtype: 'uint8' },
      );
      expect([q.scale[p], q.zeroPoint![p]]).toEqual([alone.scale[0], alone.zeroPoint![0]]);
      expect(elements.map((i) => q.codes.data[i])).toEqual([...alone.codes.data]);
      expect(elements.map((i) => back.data[i])).toEqual([...dequantizeTensor(alone).data]);
    }
  });

  test('parameters by hand go to their blocks', () => {
    const q = quantizeTensor(tensor('float32', [1, 2, 3, 4, 5, 6], [2, 3]), {
      granularity: { axis: 1, block: 2 },
      scale: [1, 0.5, 2, 0.25],
    });
    expect([...q.codes.data]).toEqual([1, 2, 6, 2, 2, 24]);
  });

  test('more blocks lose less', () => {
    const uneven = reals([8, 64]);
    const x = { ...uneven, data: uneven.data.map((v, i) => v * (1 + (i % 64))) };
    const error = (block: number): number => {
      const back = dequantizeTensor(quantizeTensor(x, { dtype: 'int4', granularity: { axis: 1, block } }));
      return back.data.reduce((sum, v, i) => sum + (v - x.data[i]!) ** 2, 0);
    };
    expect(error(4)).toBeLessThan(error(16));
    expect(error(16)).toBeLessThan(error(64));
  });
});

describe('every code type', () => {
  test.each(codeTypes)('%s: each code comes back, and its format packs it', (dtype: AnyCodeType) => {
    const [min, max] = codeRange(dtype);
    const all = Array.from({ length: max - min + 1 }, (_, i) => min + i);
    const x = tensor('float32', [...all, min - 1, max + 1]);
    const q = quantizeTensor(x, { dtype, scale: 1, scheme: 'asymmetric', zeroPoint: 0 });
    expect(q.codes.dtype).toBe(heldAs(dtype));
    expect([...q.codes.data]).toEqual([...all, min, max]);
    expect([...dequantizeTensor(q).data]).toEqual([...all, min, max]);
    if (!isFormat(dtype)) return;
    const bytes = formats[dtype].encode(q.codes.data);
    expect(bytes.length).toBe(Math.ceil((q.codes.data.length * formats[dtype].bits) / 8));
    expect(formats[dtype].decode(bytes, q.codes.data.length)).toEqual(q.codes.data);
  });

  test.each(codeTypes)('%s: the largest magnitude is the end of a symmetric range', (dtype) => {
    const q = quantizeTensor(tensor('float32', [-3, 0, 3]), { dtype, scheme: 'symmetric' });
    const [min, max] = codeRange(dtype);
    const restricted = dtype === 'int8' || dtype === 'int16';
    expect([q.codes.data[0], q.codes.data[2]]).toEqual([restricted ? -max : min, max]);
    expect(dequantizeTensor(q).data[1]).toBe(0);
  });
});
