import type { QGemmSpec } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { gemmAccumulators, gemmCodes, plain } from './oracles.ts';
import { run, signs } from './support.ts';

describe('qgemm', () => {
  const shapes = [
    [1, 1, 1, 1],
    [1, 3, 5, 7],
    [2, 4, 8, 16],
    [1, 5, 4, 33],
    [3, 2, 6, 1],
    [1, 1, 9, 64],
    [2, 3, 2, 0],
    [1, 0, 3, 4],
    [1, 2, 0, 4],
    [0, 2, 3, 4],
  ];

  for (const a of signs) {
    for (const b of signs) {
      it(`is exact for ${a} by ${b}: tails, batches, both layouts, zero points alone and per column`, async () => {
        let seed = 1;
        for (const [batch, m, n, k] of shapes as [number, number, number, number][]) {
          for (const transposeB of [false, true]) {
            for (const bZeroPoint of ['per-tensor', 'per-channel'] as const) {
              for (const ends of [undefined, 'low', 'high'] as const) {
                const spec: QGemmSpec = { batch, m, n, k, a, b, transposeB, bZeroPoint, ...plain };
                const data = gemmCodes(spec, seed++, ends);
                expect(Array.from((await run('qgemm', spec, data)).y!)).toEqual(gemmAccumulators(spec, data));
              }
            }
          }
        }
      });
    }
  }

  it('wraps modulo 2^32', async () => {
    const k = 66_060;
    const spec: QGemmSpec = {
      batch: 1,
      m: 1,
      n: 5,
      k,
      a: 'uint8',
      b: 'uint8',
      transposeB: false,
      bZeroPoint: 'per-tensor',
      ...plain,
    };
    const data = {
      a: new Array(k).fill(255),
      b: new Array(k * 5).fill(255),
      aZeroPoint: [0],
      bZeroPoint: [0],
    };
    expect(k * 255 * 255).toBeGreaterThan(4294967296);
    expect((await run('qgemm', spec, data)).y).toEqual(new Int32Array(5).fill(k * 255 * 255 - 4294967296));
    const below = { ...data, b: new Array(k * 5).fill(0), bZeroPoint: [255] };
    expect((await run('qgemm', spec, below)).y).toEqual(new Int32Array(5).fill(4294967296 - k * 255 * 255));
  });

  it('wraps the sum with the bias too', async () => {
    const spec: QGemmSpec = {
      batch: 1,
      m: 1,
      n: 2,
      k: 1,
      a: 'int8',
      b: 'int8',
      transposeB: true,
      bZeroPoint: 'per-tensor',
      bias: 'int32',
      output: { type: 'int32' },
    };
    const data = { a: [1], b: [1, -1], aZeroPoint: [0], bZeroPoint: [0], bias: [2147483647, -2147483648] };
    expect((await run('qgemm', spec, data)).y).toEqual(Int32Array.of(-2147483648, 2147483647));
  });
});
