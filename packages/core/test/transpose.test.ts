import { describe, expect, it } from 'vitest';
import { tensor, transposeTensor } from '../src/index.ts';

describe('transposeTensor', () => {
  it.each([
    [[], []],
    [[5], [0]],
    [
      [2, 3],
      [1, 0],
    ],
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [2, 1, 3, 2],
      [0, 2, 3, 1],
    ],
    [
      [2, 3, 2, 1, 2],
      [4, 1, 3, 0, 2],
    ],
    [
      [2, 0, 3],
      [2, 1, 0],
    ],
  ])('[%s] by [%s]', (shape, perm) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const x = tensor(
      'int32',
      Int32Array.from({ length: size }, (_, i) => i),
      shape,
    );
    const y = transposeTensor(x, perm);
    expect(y.shape).toEqual(perm.map((axis) => shape[axis]));
    y.data.forEach((value, at) => {
      const index: number[] = [];
      for (let axis = perm.length - 1, rest = at; axis >= 0; axis--) {
        index[perm[axis]!] = rest % y.shape[axis]!;
        rest = Math.floor(rest / y.shape[axis]!);
      }
      expect(value).toBe(index.reduce((offset, i, axis) => offset * shape[axis]! + i, 0));
    });
  });
});
