import { packSigns, tensor, type TopKSpec } from '@halftone/core';
import { describe, expect, it, test } from 'vitest';
import { run } from './support.ts';

describe('bgemm', () => {
  it('is the product of the signs that were packed', async () => {
    let seed = 1;
    const draw = (): number => ((seed = (Math.imul(seed, 1103515245) + 12345) | 0) < 0 ? -1 : 1);
    for (const [m, n, k] of [
      [1, 1, 1],
      [2, 3, 7],
      [3, 2, 8],
      [2, 2, 9],
      [1, 4, 64],
      [3, 3, 129],
      [2, 2, 0],
      [0, 2, 5],
    ] as const) {
      const a = Array.from({ length: m * k }, draw);
      const b = Array.from({ length: n * k }, draw);
      const bits = (rows: number, signs: number[]): Uint8Array =>
        packSigns(tensor('int8', signs, [rows, k])).data;
      const { y } = await run('bgemm', { m, n, k }, { a: bits(m, a), b: bits(n, b) });
      const sums = Array.from({ length: m * n }, (_, at) => {
        let sum = 0;
        for (let i = 0; i < k; i++) sum += a[Math.floor(at / n) * k + i]! * b[(at % n) * k + i]!;
        return sum;
      });
      expect(Array.from(y!)).toEqual(sums);
    }
  });

  it('does not count the bits behind a row', async () => {
    const { y } = await run(
      'bgemm',
      { m: 1, n: 2, k: 3 },
      { a: [0b11111_001], b: [0b00000_001, 0b10101_110] },
    );
    expect(Array.from(y!)).toEqual([3, -3]);
  });
});

describe('topK', () => {
  const spec: TopKSpec = { dtype: 'float32', outer: 1, extent: 6, inner: 1, k: 6, largest: true };
  const of = async (change: Partial<TopKSpec>, x: number[]): Promise<[number[], number[]]> => {
    const { values, indices } = await run('topK', { ...spec, ...change }, { x });
    return [Array.from(values!), Array.from(indices!)];
  };

  test('the lowest indices first among equals, in both directions', async () => {
    const x = [2, 5, 2, 5, 1, 5];
    expect(await of({ k: 4 }, x)).toEqual([
      [5, 5, 5, 2],
      [1, 3, 5, 0],
    ]);
    expect(await of({ k: 3, largest: false }, x)).toEqual([
      [1, 2, 2],
      [4, 0, 2],
    ]);
  });

  // numpy.sort puts NaN last, behind infinity.
  test('NaN is larger than every number, and zeros are equal', async () => {
    const x = [0, NaN, -0, Infinity, NaN, -Infinity];
    expect(await of({}, x)).toEqual([
      [NaN, NaN, Infinity, 0, -0, -Infinity],
      [1, 4, 3, 0, 2, 5],
    ]);
    expect(await of({ largest: false }, x)).toEqual([
      [-Infinity, 0, -0, Infinity, NaN, NaN],
      [5, 0, 2, 3, 1, 4],
    ]);
  });

  test('along any axis, of integers', async () => {
    const x = [1, -9, 3, 7, 2, 2, -4, 8, 3, 0, 0, 100];
    expect(await of({ dtype: 'int32', outer: 2, extent: 3, inner: 2, k: 2 }, x)).toEqual([
      [3, 7, 2, 2, 3, 100, 0, 8],
      [1, 1, 2, 2, 1, 2, 2, 0],
    ]);
    expect(await of({ dtype: 'uint8', extent: 3, k: 1 }, [127, 255, 128])).toEqual([[255], [1]]);
    expect(await of({ k: 0 }, x.slice(6))).toEqual([[], []]);
  });
});
