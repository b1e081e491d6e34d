import { codeRange, type DType, exp, sigmoid, sizeOf, tanh, type Tensor, tensor } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { backend, type Numbers, random, randomFloats, run, signs } from './support.ts';

describe('unary', () => {
  it('clamps, and keeps NaN', async () => {
    const { y } = await run(
      'unary',
      { function: 'clamp', shape: [5], clamp: [0, 6] },
      { x: [-1, 0.5, 7, NaN, Infinity] },
    );
    expect(y).toEqual(Float32Array.of(0, 0.5, 6, NaN, 6));
  });

  it.each([
    ['tanh', tanh],
    ['sigmoid', sigmoid],
  ] as const)("%s is core's, rounded once", async (name, f) => {
    const x = Float32Array.of(
      -100,
      -20,
      -1,
      -0.001,
      0,
      0.3,
      1,
      5,
      88,
      NaN,
      Infinity,
      -Infinity,
      ...randomFloats(random(43), 200),
    );
    const { y } = await run('unary', { function: name, shape: [x.length] }, { x });
    expect(y).toEqual(Float32Array.from(x, (v) => f(v)));
  });
});

describe('softmax', () => {
  it('runs along the middle, whatever lies around it', async () => {
    const next = random(44);
    for (const [outer, extent, inner] of [
      [1, 10, 1],
      [3, 7, 2],
      [2, 1, 5],
      [0, 3, 2],
      [2, 0, 3],
    ] as const) {
      const x = randomFloats(next, outer * extent * inner, 3);
      const { y } = await run('softmax', { outer, extent, inner }, { x });
      const expected = Float32Array.from(x, (v, at) => {
        const line = Array.from(
          { length: extent },
          (_, e) => x[(Math.floor(at / (extent * inner)) * extent + e) * inner + (at % inner)]!,
        );
        const max = Math.max(...line);
        return exp(v - max) / line.reduce((sum, u) => sum + exp(u - max), 0);
      });
      expect(y).toEqual(expected);
    }
  });

  it('holds for large values, minus infinity and NaN', async () => {
    const soft = async (x: number[]): Promise<Numbers> =>
      (await run('softmax', { outer: 1, extent: x.length, inner: 1 }, { x })).y!;
    expect(await soft([1e38, 1e38])).toEqual(Float32Array.of(0.5, 0.5));
    expect(await soft([-Infinity, 3])).toEqual(Float32Array.of(0, 1));
    expect(await soft([NaN, 3])).toEqual(Float32Array.of(NaN, NaN));
  });
});

describe('cast', () => {
  it('truncates floats to int32 and saturates', async () => {
    const x = [1.9, -1.9, -0.5, 2147483648, 3e9, -2147483648, -3e9, Infinity, -Infinity, NaN, 2147483520];
    const { y } = await run('cast', { shape: [x.length], from: 'float32', to: 'int32' }, { x });
    expect(y).toEqual(
      Int32Array.of(
        1,
        -1,
        0,
        2147483647,
        2147483647,
        -2147483648,
        -2147483648,
        2147483647,
        -2147483648,
        0,
        2147483520,
      ),
    );
  });

  it('rounds int32 to the nearest float32, ties to even', async () => {
    const { y } = await run(
      'cast',
      { shape: [4], from: 'int32', to: 'float32' },
      { x: [16777217, 16777219, -2147483647, 5] },
    );
    expect(y).toEqual(Float32Array.of(16777216, 16777220, -2147483648, 5));
  });

  it.each(signs)('widens %s', async (from) => {
    const [lo, hi] = codeRange(from);
    for (const to of ['int32', 'float32'] as const) {
      expect(Array.from((await run('cast', { shape: [2], from, to }, { x: [lo, hi] })).y!)).toEqual([lo, hi]);
    }
  });
});

describe.each(['int8', 'uint8', 'int32', 'float32'] as DType[])('moves of %s', (dtype) => {
  const values = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7) % 120);

  it.each([
    [
      [2, 3, 4],
      [2, 0, 1],
    ],
    [
      [2, 3],
      [1, 0],
    ],
    [
      [4, 1, 3, 2],
      [3, 1, 0, 2],
    ],
    [[3], [0]],
    [[], []],
    [
      [2, 0, 3],
      [2, 1, 0],
    ],
  ])('transpose %j by %j', async (shape, perm) => {
    const x = values(sizeOf(shape));
    const { y } = await run('transpose', { dtype, shape, perm }, { x });
    const result = perm.map((axis) => shape[axis]!);
    const expected = Array.from({ length: x.length }, (_, at) => {
      const place = new Array<number>(shape.length);
      perm.forEach((axis, i) => (place[axis] = Math.floor(at / sizeOf(result.slice(i + 1))) % result[i]!));
      return x[place.reduce((index, p, axis) => index * shape[axis]! + p, 0)];
    });
    expect(Array.from(y!)).toEqual(expected);
  });

  it('concat puts runs one after the other', async () => {
    const { y } = await run(
      'concat',
      { dtype, outer: 2, extents: [2, 0, 3, 1] },
      { x0: [1, 2, 3, 4], x1: [], x2: [5, 6, 7, 8, 9, 10], x3: [11, 12] },
    );
    expect(Array.from(y!)).toEqual([1, 2, 5, 6, 7, 11, 3, 4, 8, 9, 10, 12]);
  });
});

it('moves keep the bits of every NaN', async () => {
  const bits = Int32Array.of(0x7fa00001, 0x7fc12345, -0x5ffffe, 0);
  const x = tensor('float32', new Float32Array(bits.buffer));
  const moved = await backend.call('transpose', { dtype: 'float32', shape: [2, 2], perm: [1, 0] }, { x });
  expect(bitsOf(moved['y']!)).toEqual(Int32Array.of(bits[0]!, bits[2]!, bits[1]!, bits[3]!));
  const joined = await backend.call('concat', { dtype: 'float32', outer: 1, extents: [4] }, { x0: x });
  expect(bitsOf(joined['y']!)).toEqual(bits);
});

function bitsOf({ data }: Tensor): Int32Array {
  return new Int32Array(data.buffer, data.byteOffset, data.length);
}
