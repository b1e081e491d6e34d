import { elementOps, type Reduction, tensor, zeros } from '@halftone/core';
import { describe, expect, it, test } from 'vitest';
import { run } from './support.ts';

const x = [1, -2, 3, 4, 5, -6];
const rounded = (values: ArrayLike<number>): number[] =>
  Array.from(values, (v) => Number(Math.fround(v).toPrecision(6)));

// Along the rows of [[1, -2, 3], [4, 5, -6]], and along axes 0 and 2 of the same numbers as [3, 2, 1].
test.each<[Reduction, number[], number[]]>([
  ['sum', [2, 3], [9, -4]],
  ['mean', [2 / 3, 1], [3, -4 / 3]],
  ['max', [3, 5], [5, 4]],
  ['min', [-2, -6], [1, -6]],
  ['prod', [-6, -120], [15, 48]],
  ['l1', [6, 15], [9, 12]],
  ['l2', [3.741657, 8.774964], [5.91608, 7.483315]],
  ['sumSquare', [14, 77], [35, 56]],
  ['logSum', [0.693147, 1.098612], [2.1972246, NaN]],
  ['logSumExp', [3.13284523, 5.3132739], [5.14293163, 4.00252097]],
])('%s', async (name, rows, columns) => {
  const along = await run('reduce', { function: name, shape: [2, 3], axes: [1] }, { x });
  expect(rounded(along['y']!)).toEqual(rounded(rows));
  const across = await run('reduce', { function: name, shape: [3, 2, 1], axes: [0, 2] }, { x });
  expect(rounded(across['y']!)).toEqual(rounded(columns));
});

describe('reductions', () => {
  it('of nothing give the neutral element', async () => {
    const names: Reduction[] = ['sum', 'prod', 'max', 'min', 'mean', 'l1', 'logSum', 'logSumExp'];
    const values: number[] = [];
    for (const name of names)
      values.push((await run('reduce', { function: name, shape: [0, 1], axes: [0] }, { x: [] }))['y']![0]!);
    expect(values).toEqual([0, 1, -Infinity, Infinity, NaN, 0, -Infinity, -Infinity]);
    expect((await run('reduce', { function: 'sum', shape: [0, 2], axes: [1] }, { x: [] }))['y']).toHaveLength(
      0,
    );
  });

  it('sum in f64, so that small terms are not lost', async () => {
    const { y } = await run(
      'reduce',
      { function: 'sum', shape: [4], axes: [0] },
      { x: [2 ** 25, 1, 1, -(2 ** 25)] },
    );
    expect(y![0]).toBe(2);
  });

  it('give NaN where one is, and keep logSumExp from overflowing', async () => {
    const of = async (name: Reduction, values: number[]): Promise<number> =>
      (await run('reduce', { function: name, shape: [values.length], axes: [0] }, { x: values }))['y']![0]!;
    expect([await of('max', [1, NaN]), await of('min', [NaN, 1])]).toEqual([NaN, NaN]);
    expect(await of('logSumExp', [1000, 1000])).toBe(Math.fround(1000 + Math.LN2));
    expect(await of('logSumExp', [-Infinity, -Infinity])).toBe(-Infinity);
  });
});

describe('argExtreme', () => {
  const of = (values: number[], largest: boolean, selectLast = false): bigint => {
    const y = zeros('int64', [1]);
    const spec = {
      largest,
      selectLast,
      dtype: 'float32',
      outer: 1,
      extent: values.length,
      inner: 1,
    } as const;
    elementOps.argExtreme(spec, { x: tensor('float32', values), y });
    return y.data[0]!;
  };

  it('gives the first of equal elements, or the last', () => {
    expect([
      of([1, 3, 3], true),
      of([1, 3, 3], true, true),
      of([2, 1, 1], false),
      of([2, 1, 1], false, true),
    ]).toEqual([1n, 2n, 1n, 2n]);
  });

  it('never gives a NaN behind the first element', () => {
    expect([of([1, NaN, 2], true), of([NaN, 2], true)]).toEqual([2n, 0n]);
  });
});

describe('normalize', () => {
  it('gives rows of mean 0 and variance 1, with both', async () => {
    const spec = { outer: 2, extent: 2, centred: true, epsilon: 0, statistics: true };
    const { y, mean, inverse } = await run('normalize', spec, { x: [1, 3, -5, 5] });
    expect([y, mean, inverse].map((values) => Array.from(values!))).toEqual([
      [-1, 1, -1, 1],
      [2, 0],
      [1, Math.fround(0.2)],
    ]);
  });

  it('divides by the root of the mean square where it does not centre', async () => {
    const { y } = await run(
      'normalize',
      { outer: 1, extent: 2, centred: false, epsilon: 0.5 },
      { x: [1, 2] },
    );
    expect(Array.from(y!)).toEqual([1, 2].map((v) => Math.fround(v / Math.sqrt(3))));
  });
});
