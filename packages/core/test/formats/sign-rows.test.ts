import { describe, expect, it } from 'vitest';
import { isHalftoneError, packSigns, tensor, unpackSigns } from '../../src/index.ts';

const refused = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return isHalftoneError(error) && error.code;
  }
  return undefined;
};

describe('rows of signs', () => {
  it('have a bit for each element below 0, low bits first, and begin at a byte', () => {
    const x = tensor(
      'float32',
      [-1, 0, -0, NaN, -1e-45, 3, -Infinity, Infinity, -2, 1, 1, 1, 1, 1, 1, 1, 1, -1],
      [2, 9],
    );
    const bits = packSigns(x);
    expect(bits).toEqual(tensor('uint8', [0b01010001, 1, 0, 1], [2, 2]));
    expect([...unpackSigns(bits, 9).data]).toEqual([
      -1, 1, 1, 1, -1, 1, -1, 1, -1, 1, 1, 1, 1, 1, 1, 1, 1, -1,
    ]);
  });

  it('come back from every width, from integers too, whatever their last bits are', () => {
    for (let k = 0; k < 40; k++) {
      const signs = tensor(
        'int8',
        Array.from({ length: 3 * k }, (_, i) => ((i * i) % 7 < 3 ? -1 : 1)),
        [3, k],
      );
      const bits = packSigns(signs);
      expect(bits.shape).toEqual([3, Math.ceil(k / 8)]);
      expect(unpackSigns(bits, k)).toEqual(signs);
      const spoilt = bits.data.map((byte, i) =>
        k % 8 && i % bits.shape[1]! === bits.shape[1]! - 1 ? byte | 128 : byte,
      );
      expect(unpackSigns({ ...bits, data: spoilt }, k)).toEqual(signs);
    }
  });

  it('are rows of matrices of their width', () => {
    expect(refused(() => packSigns(tensor('int8', [1, -1])))).toBe('HT_SHAPE_MISMATCH');
    expect(refused(() => unpackSigns(tensor('uint8', [1, 2], [1, 2]), 17))).toBe('HT_SHAPE_MISMATCH');
    expect(refused(() => unpackSigns(tensor('uint8', [1, 2], [1, 2]), 8))).toBe('HT_SHAPE_MISMATCH');
  });
});
