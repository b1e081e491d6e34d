import { describe, expect, test } from 'vitest';
import { pow, type UnaryFunction, unaryFunctions } from '../../src/numerics/functions.ts';
import { readVectors } from './vectors.ts';

interface Vectors {
  readonly unary: Readonly<
    Record<
      string,
      { readonly alpha: number; readonly beta: number; readonly rows: readonly [number, number][] }
    >
  >;
  readonly pow: readonly [x: number, y: number, value: number][];
}

const { fround } = Math;
const vectors = readVectors<Vectors>('function-vectors.json');
const words = new Int32Array(1);
const f32 = new Float32Array(words.buffer);
/** Position among all f32 in ascending order. */
const position = (x: number): number => {
  f32[0] = x;
  return words[0]! < 0 ? -(words[0]! & 0x7fffffff) : words[0]!;
};
const ulps = (a: number, b: number): number => Math.abs(position(a) - position(b));

test.each(Object.keys(vectors.unary))('%s, rounded once, is the nearest f32', (name) => {
  const { alpha, beta, rows } = vectors.unary[name]!;
  for (const [x, y] of rows) {
    const got = fround(unaryFunctions[name as UnaryFunction](x, alpha, beta));
    // The product and quotient of two f64 roundings may move a value across the middle of two f32.
    expect(ulps(got, y), `${name}(${x}) = ${got}, not ${y}`).toBeLessThanOrEqual(
      name.startsWith('gelu') ? 1 : 0,
    );
  }
});

describe('special values', () => {
  const of = (name: UnaryFunction, xs: number[], alpha = 0, beta = 0): number[] =>
    xs.map((x) => unaryFunctions[name](x, alpha, beta));

  test.each<[UnaryFunction, number[]]>([
    // Of NaN, -Infinity, Infinity, -0.
    ['abs', [NaN, Infinity, Infinity, 0]],
    ['ceil', [NaN, -Infinity, Infinity, -0]],
    ['erf', [NaN, -1, 1, -0]],
    ['exp', [NaN, 0, Infinity, 1]],
    ['floor', [NaN, -Infinity, Infinity, -0]],
    ['log', [NaN, NaN, Infinity, -Infinity]],
    ['neg', [NaN, Infinity, -Infinity, 0]],
    ['reciprocal', [NaN, -0, 0, -Infinity]],
    ['round', [NaN, -Infinity, Infinity, -0]],
    ['sigmoid', [NaN, 0, 1, 0.5]],
    ['sign', [NaN, -1, 1, -0]],
    ['softplus', [NaN, 0, Infinity, Math.LN2]],
    ['sqrt', [NaN, NaN, Infinity, -0]],
    ['tanh', [NaN, -1, 1, -0]],
    ['hardSwish', [NaN, NaN, Infinity, -0]],
  ])('%s', (name, expected) => {
    expect(of(name, [NaN, -Infinity, Infinity, -0])).toEqual(expected);
  });

  test('with parameters', () => {
    expect(of('leakyRelu', [NaN, -Infinity, -2, 3], 0.5)).toEqual([NaN, -Infinity, -1, 3]);
    expect(of('elu', [NaN, -Infinity, 3, 1e-20], 2)).toEqual([NaN, -2, 3, 1e-20]);
    expect(of('hardSigmoid', [NaN, -Infinity, Infinity, 0], 0.2, 0.5)).toEqual([NaN, 0, 1, 0.5]);
    expect(of('selu', [NaN, Infinity, -Infinity], 2, 3)).toEqual([NaN, Infinity, -6]);
  });

  test('round goes to even', () => {
    expect(of('round', [0.5, 1.5, 2.5, -0.5, -1.5])).toEqual([0, 2, 2, -0, -2]);
  });
});

describe('pow', () => {
  test('is the nearest f32', () => {
    for (const [x, y, value] of vectors.pow) expect(fround(pow(x, y)), `${x} ^ ${y}`).toBe(value);
  });

  test.each([
    [NaN, 0, 1],
    [1, NaN, 1],
    [NaN, 1, NaN],
    [2, NaN, NaN],
    [0, 3, 0],
    [-0, 3, -0],
    [-0, 2, 0],
    [-0, -3, -Infinity],
    [0, -3, Infinity],
    [-0, -2, Infinity],
    [0, 0.5, 0],
    [-0, 0.5, 0],
    [-2, 3, -8],
    [-2, 4, 16],
    [-2, -1, -0.5],
    [-2, 0.5, NaN],
    [-8, 1 / 3, NaN],
    [-1, Infinity, 1],
    [-1, -Infinity, 1],
    [0.5, Infinity, 0],
    [0.5, -Infinity, Infinity],
    [-0.5, Infinity, 0],
    [2, Infinity, Infinity],
    [2, -Infinity, 0],
    [Infinity, 0.5, Infinity],
    [Infinity, -2, 0],
    [-Infinity, 3, -Infinity],
    [-Infinity, 0.5, Infinity],
    [-Infinity, -3, -0],
    [3, 2, 9],
    [9, 0.5, 3],
  ])('of %d and %d is %d', (x, y, value) => {
    expect(fround(pow(x, y))).toBe(value);
  });
});
