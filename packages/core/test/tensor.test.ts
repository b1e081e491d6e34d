import { describe, expect, it } from 'vitest';
import {
  byteSize,
  HalftoneError,
  isDType,
  isHalftoneError,
  sameShape,
  sizeOf,
  tensor,
  zeros,
} from '../src/index.ts';
import { codeOf } from './backend/support.ts';

describe('tensor', () => {
  it('keeps a typed array, converts numbers, and defaults to one axis', () => {
    const data = Float32Array.of(1, 2);
    expect(tensor('float32', data).data).toBe(data);
    expect(tensor('uint8', [255, 256]).data).toEqual(Uint8Array.of(255, 0));
    expect(tensor('int64', [1n, 2n], [2, 1])).toMatchObject({
      shape: [2, 1],
      data: BigInt64Array.of(1n, 2n),
    });
    expect(tensor('int8', [3], [])).toMatchObject({ shape: [] });
  });

  it('refuses what does not fit, by code', async () => {
    expect(await codeOf(() => tensor('float32', [1, 2], [3]))).toBe('HT_SHAPE_MISMATCH');
    expect(await codeOf(() => tensor('float31' as 'float32', [1]))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(() => tensor('float32', new Int8Array(2) as never))).toBe('HT_DTYPE_MISMATCH');
    expect(await codeOf(() => tensor('float32', [1], [1.5]))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(() => sizeOf([2 ** 30, 2 ** 30]))).toBe('HT_INVALID_ARGUMENT');
  });

  it('measures', () => {
    expect([sizeOf([]), sizeOf([2, 0]), byteSize({ dtype: 'int64', shape: [3] })]).toEqual([1, 0, 24]);
    expect([sameShape([1, 2], [1, 2]), sameShape([1], [1, 1])]).toEqual([true, false]);
    expect([isDType('int8'), isDType('toString'), isDType(3)]).toEqual([true, false, false]);
    expect(zeros('int32', [2]).data).toEqual(new Int32Array(2));
  });
});

describe('errors', () => {
  it('are known by their brand, also from another copy of core', () => {
    const own = new HalftoneError('HT_FILE', 'no', { path: 'x' }, { cause: 1 });
    expect([
      isHalftoneError(own),
      isHalftoneError(own, 'HT_FILE'),
      isHalftoneError(own, 'HT_BACKEND'),
    ]).toEqual([true, true, false]);
    const foreign = Object.assign(new Error('no'), { code: 'HT_FILE', [Symbol.for('halftone.error')]: true });
    expect(isHalftoneError(foreign, 'HT_FILE')).toBe(true);
    expect([isHalftoneError(new Error('no')), isHalftoneError(null), isHalftoneError('HT_FILE')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(Object.keys(own)).not.toContain('halftone.error');
  });
});
