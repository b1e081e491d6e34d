import { describe, expect, it } from 'vitest';
import { type BinaryFunction, type DType, elementOps, tensor, type Tensor, zeros } from '../../src/index.ts';

function apply(name: BinaryFunction, a: Tensor, b: Tensor, clamp?: readonly [number, number]): unknown[] {
  const y = zeros(a.dtype, [a.data.length]);
  const spec = { function: name, dtype: a.dtype, aShape: a.shape, bShape: b.shape };
  elementOps.binary(clamp ? { ...spec, clamp } : spec, { a, b, y });
  return Array.from(y.data as ArrayLike<unknown>);
}

describe('arithmetic of integers', () => {
  it.each<[DType, BinaryFunction, number[], number[], number[]]>([
    ['int32', 'add', [2147483647], [1], [-2147483648]],
    ['int32', 'mul', [65537, 123456789], [65537, 987654321], [131073, -67153019]],
    ['int32', 'div', [-7, 7, 5], [2, -2, 0], [-3, -3, 0]],
    ['int32', 'pow', [3, 2, -2, 7], [13, 31, 3, 0], [1594323, -2147483648, -8, 1]],
    ['int32', 'pow', [2, 1, -1, 5], [-1, -5, -3, -1], [0, 1, -1, 0]],
    ['int32', 'min', [-5, 3], [2, -9], [-5, -9]],
    ['int8', 'sub', [-128, 0], [1, -128], [127, -128]],
    ['uint8', 'max', [250, 3], [4, 9], [250, 9]],
    ['uint8', 'add', [250], [10], [4]],
    ['uint16', 'mul', [65535], [65535], [1]],
    ['int16', 'prelu', [-5, 5], [3, 3], [-15, 5]],
  ])('%s %s', (dtype, name, a, b, expected) => {
    expect(apply(name, tensor(dtype as 'int32', a), tensor(dtype as 'int32', b))).toEqual(expected);
  });

  it('int64 wraps at 64 bits', () => {
    const of = (...values: bigint[]) => tensor('int64', values);
    expect(apply('add', of(2n ** 63n - 1n), of(1n))).toEqual([-(2n ** 63n)]);
    expect(apply('mul', of(3n), of(-7n))).toEqual([-21n]);
    expect(apply('div', of(-7n, 7n), of(2n, 0n))).toEqual([-3n, 0n]);
    expect(apply('pow', of(3n, 2n, -1n, 2n), of(39n, 64n, 1000001n, -1n))).toEqual([
      4052555153018976267n,
      0n,
      -1n,
      0n,
    ]);
    expect([apply('min', of(3n), of(-2n)), apply('max', of(3n), of(-2n))]).toEqual([[-2n], [3n]]);
  });
});

describe('arithmetic of floats', () => {
  const f = (...values: number[]) => tensor('float32', values);

  it('rounds each result once, and clamps it', () => {
    expect(apply('add', f(16777216, 1), f(1, 2 ** -24))).toEqual([16777216, 1]);
    expect(apply('div', f(1), f(3))).toEqual([Math.fround(1 / 3)]);
    expect(apply('mul', f(-4, 4, NaN), f(3, 3, 1), [0, 6])).toEqual([0, 6, NaN]);
  });

  it('min and max give NaN where one is', () => {
    expect(apply('min', f(NaN, 1), f(1, NaN))).toEqual([NaN, NaN]);
    expect(apply('max', f(NaN, 1), f(1, NaN))).toEqual([NaN, NaN]);
  });

  it('prelu multiplies what is below 0', () => {
    expect(apply('prelu', f(-2, 2, -0, NaN), f(0.25, 0.25, 3, 1))).toEqual([-0.5, 2, -0, NaN]);
  });
});

describe('comparison and choice', () => {
  const f = (...values: number[]) => tensor('float32', values);

  it('nothing holds of NaN, and int64 is compared as it is', () => {
    const run = (
      name: 'equal' | 'less' | 'lessOrEqual' | 'greater' | 'greaterOrEqual',
      a: Tensor,
      b: Tensor,
    ) => {
      const y = zeros('bool', [a.data.length]);
      elementOps.compare({ function: name, dtype: a.dtype, aShape: a.shape, bShape: b.shape }, { a, b, y });
      return Array.from(y.data);
    };
    const [a, b] = [f(NaN, 1, 0, 2), f(NaN, 1, -0, 3)];
    expect(run('equal', a, b)).toEqual([0, 1, 1, 0]);
    expect(run('less', a, b)).toEqual([0, 0, 0, 1]);
    expect(run('lessOrEqual', a, b)).toEqual([0, 1, 1, 1]);
    expect(run('greater', a, b)).toEqual([0, 0, 0, 0]);
    expect(run('greaterOrEqual', a, b)).toEqual([0, 1, 1, 0]);
    expect(run('less', tensor('int64', [2n ** 53n]), tensor('int64', [2n ** 53n + 1n]))).toEqual([1]);
  });

  it('logic', () => {
    const [a, b] = [tensor('bool', [0, 0, 1, 1]), tensor('bool', [0, 1, 0, 1])];
    const run = (name: 'and' | 'or' | 'xor') => {
      const y = zeros('bool', [4]);
      elementOps.logical({ function: name, aShape: [4], bShape: [4] }, { a, b, y });
      return Array.from(y.data);
    };
    expect([run('and'), run('or'), run('xor')]).toEqual([
      [0, 0, 0, 1],
      [0, 1, 1, 1],
      [0, 1, 1, 0],
    ]);
  });

  it('where broadcasts all three', () => {
    const y = zeros('int64', [2, 3]);
    elementOps.where(
      { dtype: 'int64', conditionShape: [2, 1], aShape: [3], bShape: [], shape: [2, 3] },
      {
        condition: tensor('bool', [1, 0], [2, 1]),
        a: tensor('int64', [1n, 2n, 3n]),
        b: tensor('int64', [9n], []),
        y,
      },
    );
    expect(Array.from(y.data)).toEqual([1n, 2n, 3n, 9n, 9n, 9n]);
  });
});
