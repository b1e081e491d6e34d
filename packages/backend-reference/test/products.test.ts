// Every product of two 8-bit codes, whatever their zero points, in each op that multiplies them into int32.
import { codeRange, type CodeType, type QConv2dSpec, type QGemmSpec } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { plain } from './oracles.ts';
import { run, signs } from './support.ts';

function all(dtype: CodeType): number[] {
  const [lo] = codeRange(dtype);
  return Array.from({ length: 256 }, (_, i) => lo + i);
}

/** The ends of a code type, and a code between. */
function zeroPoints(dtype: CodeType): number[] {
  const [lo, hi] = codeRange(dtype);
  return [lo, lo + 131, hi];
}

const pairs = signs.flatMap((a) => signs.map((b) => [a, b] as const));

describe.each(pairs)('every %s by %s product', (a, b) => {
  const cases = zeroPoints(a).flatMap((za) => zeroPoints(b).map((zb) => [za, zb] as const));

  it.each(cases)('qgemm, zero points %i and %i', async (za, zb) => {
    const spec: QGemmSpec = {
      batch: 1,
      m: 256,
      n: 256,
      k: 1,
      a,
      b,
      transposeB: false,
      bZeroPoint: 'per-tensor',
      ...plain,
    };
    const data = { a: all(a), b: all(b), aZeroPoint: [za], bZeroPoint: [zb] };
    const expected = Int32Array.from(data.a.flatMap((x) => data.b.map((y) => (x - za) * (y - zb))));
    expect((await run('qgemm', spec, data)).y).toEqual(expected);
  });

  it.each(cases)('qconv2d, zero points %i and %i', async (zx, zw) => {
    const spec: QConv2dSpec = {
      n: 1,
      h: 16,
      w: 16,
      c: 1,
      o: 256,
      kernel: [1, 1],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      groups: 1,
      x: a,
      weights: b,
      wZeroPoint: 'per-tensor',
      ...plain,
    };
    const data = { x: all(a), w: all(b), xZeroPoint: [zx], wZeroPoint: [zw] };
    const expected = Int32Array.from(data.x.flatMap((x) => data.w.map((w) => (x - zx) * (w - zw))));
    expect((await run('qconv2d', spec, data)).y).toEqual(expected);
  });
});
