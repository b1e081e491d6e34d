import { codeRange } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { integer, random, requantized, run, signs } from './support.ts';

const { fround } = Math;

describe('requantize', () => {
  it.each([
    [1, 0.5, 0],
    [-3, 0.5, -2],
    [1, 0.25, 0],
    [-5222, 0.0052493438, -27],
    [1, 2.5, 2],
    [1, 1.5, 2],
    [-1, 2.5, -2],
  ])('mode ort-f32 makes %d times %d to %d', async (x, multiplier, y) => {
    const spec = { shape: [1], to: 'int8', mode: 'ort-f32' } as const;
    expect((await run('requantize', spec, { x: [x], multiplier: [multiplier], zeroPoint: [0] })).y).toEqual(
      Int8Array.of(y),
    );
  });

  it('adds the zero point after rounding', async () => {
    const spec = { shape: [4], to: 'uint8', mode: 'ort-f32' } as const;
    const x = [1, 3, 5, 7];
    expect((await run('requantize', spec, { x, multiplier: [0.5], zeroPoint: [1] })).y).toEqual(
      Uint8Array.of(1, 3, 3, 5),
    );
    expect((await run('requantize', spec, { x, multiplier: [0.5], zeroPoint: [113] })).y).toEqual(
      Uint8Array.of(113, 115, 115, 117),
    );
  });

  it('saturates before it converts', async () => {
    const x = Int32Array.of(2147483647, -2147483648, 1, 0, -1);
    const spec = { shape: [5], to: 'int8', mode: 'ort-f32' } as const;
    expect((await run('requantize', spec, { x, multiplier: [3e38], zeroPoint: [5] })).y).toEqual(
      Int8Array.of(127, -128, 127, 5, -128),
    );
  });

  it.each([
    [22721631, 0.000004071010607731296, 93],
    [33687101, 0.0000029536527108575683, 99],
    [21547795, 0.000004432007699506357, 96],
  ])('rounds the accumulator %d to float32 before it multiplies', async (x, multiplier, y) => {
    const spec = { shape: [1], to: 'int8', mode: 'ort-f32' } as const;
    expect(requantized(x, multiplier, 0, [-128, 127])).toBe(y);
    expect((await run('requantize', spec, { x: [x], multiplier: [multiplier], zeroPoint: [0] })).y).toEqual(
      Int8Array.of(y),
    );
  });

  it.each(signs)('takes multipliers along each axis, a clamp and every zero point, %s', async (to) => {
    const next = random(2);
    const shape = [2, 3, 4];
    const range = codeRange(to);
    for (const axis of [undefined, 0, 1, 2]) {
      for (const clamp of [undefined, [range[0] + 3, range[1] - 90]] as const) {
        for (const zeroPoint of [range[0], range[0] + 101, range[1]]) {
          const x = Array.from({ length: 24 }, () => integer(next, -2000, 2000));
          const multiplier = Array.from({ length: axis === undefined ? 1 : shape[axis]! }, () =>
            fround(next() / 8),
          );
          const spec = {
            shape,
            to,
            mode: 'ort-f32',
            ...(axis === undefined ? {} : { axis }),
            ...(clamp ? { clamp } : {}),
          } as const;
          const { y } = await run('requantize', spec, { x, multiplier, zeroPoint: [zeroPoint] });
          const at = (i: number): number =>
            axis === undefined ? 0 : [Math.floor(i / 12), Math.floor(i / 4) % 3, i % 4][axis]!;
          expect(Array.from(y!)).toEqual(
            x.map((v, i) => requantized(v, multiplier[at(i)]!, zeroPoint, clamp ?? range)),
          );
        }
      }
    }
  });
});
