import { describe, expect, it } from 'vitest';
import { type DType, elementOps, tensor, type Tensor, zeros } from '../../src/index.ts';

function cast(x: Tensor, to: DType): unknown[] {
  const y = zeros(to, x.shape);
  elementOps.cast({ shape: x.shape, from: x.dtype, to }, { x, y });
  return Array.from(y.data as ArrayLike<unknown>);
}

describe('cast', () => {
  const floats = tensor('float32', [1.9, -1.9, NaN, Infinity, -Infinity, 300, -0.5]);

  it.each([
    ['int8', [1, -1, 0, 127, -128, 127, 0]],
    ['uint8', [1, 0, 0, 255, 0, 255, 0]],
    ['uint16', [1, 0, 0, 65535, 0, 300, 0]],
    ['int16', [1, -1, 0, 32767, -32768, 300, 0]],
    ['int32', [1, -1, 0, 2147483647, -2147483648, 300, 0]],
    ['int64', [1n, -1n, 0n, 2n ** 63n - 1n, -(2n ** 63n), 300n, 0n]],
    ['bool', [1, 1, 1, 1, 1, 1, 1]],
  ] as const)('truncates and saturates float32 to %s, NaN to 0', (to, expected) => {
    expect(cast(floats, to).map((v) => (v === 0 ? 0 : v))).toEqual(expected);
  });

  it('rounds integers to the nearest float32', () => {
    expect(cast(tensor('int32', [16777217, 16777219, -5]), 'float32')).toEqual([16777216, 16777220, -5]);
    expect(cast(tensor('int64', [2n ** 53n + 1n, -1n]), 'float32')).toEqual([2 ** 53, -1]);
  });

  it('keeps the low bits of wider integers', () => {
    expect(cast(tensor('int32', [511, -1, 65536]), 'uint8')).toEqual([255, 255, 0]);
    expect(cast(tensor('int64', [2n ** 32n + 7n, -1n]), 'int32')).toEqual([7, -1]);
    expect(cast(tensor('uint16', [65535]), 'int16')).toEqual([-1]);
    expect(cast(tensor('int16', [-2]), 'int64')).toEqual([-2n]);
  });

  it('is whether an element is not 0, for bool', () => {
    expect(cast(tensor('int64', [0n, 5n]), 'bool')).toEqual([0, 1]);
    expect(cast(tensor('float32', [0, -0, 0.1]), 'bool')).toEqual([0, 0, 1]);
    expect(cast(tensor('bool', [0, 1]), 'float32')).toEqual([0, 1]);
  });
});
