import { type CodeType, codeRange } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { nearestEven, random, randomCodes, randomFloats, run, signs } from './support.ts';

const { fround } = Math;
const special = [NaN, Infinity, -Infinity, 0, -0, 1e38, -1e38, 1e-45];

function quantized(x: number, scale: number, zeroPoint: number, dtype: CodeType): number {
  const [lo, hi] = codeRange(dtype);
  if (Number.isNaN(x)) return lo;
  return Math.min(Math.max(nearestEven(fround(x / fround(scale))) + zeroPoint, lo), hi);
}

describe('quantize', () => {
  it('rounds ties to even, then adds the zero point and saturates', async () => {
    const x = [0.5, 1.5, 2.5, -0.5, -1.5, 127.5, 128.5, -128.5, 300, -300];
    const scale = [1];
    expect((await run('quantize', { shape: [10], to: 'int8' }, { x, scale, zeroPoint: [0] })).y).toEqual(
      Int8Array.of(0, 2, 2, 0, -2, 127, 127, -128, 127, -128),
    );
    expect((await run('quantize', { shape: [10], to: 'uint8' }, { x, scale, zeroPoint: [1] })).y).toEqual(
      Uint8Array.of(1, 3, 3, 1, 0, 129, 129, 0, 255, 0),
    );
  });

  it('gives NaN the lowest code and saturates infinities, whatever the zero point', async () => {
    const x = [NaN, Infinity, -Infinity];
    expect(
      (await run('quantize', { shape: [3], to: 'int8' }, { x, scale: [0.1], zeroPoint: [100] })).y,
    ).toEqual(Int8Array.of(-128, 127, -128));
    expect(
      (await run('quantize', { shape: [3], to: 'uint8' }, { x, scale: [0.1], zeroPoint: [200] })).y,
    ).toEqual(Uint8Array.of(0, 255, 0));
  });

  it('divides in float32, and never multiplies by a reciprocal', async () => {
    // Each x is the float nearest to a tie: the f32 quotient is the tie again, that of f64 lies beside it.
    const scale = fround(0.3);
    const x = Array.from({ length: 400 }, (_, i) => fround(scale * (i - 200 + 0.5)));
    const expected = Int8Array.from(x, (v) => quantized(v, scale, 0, 'int8'));
    const inverse = fround(1 / scale);
    expect(expected).not.toEqual(
      Int8Array.from(x, (v) => Math.max(-128, Math.min(127, nearestEven(fround(v * inverse))))),
    );
    expect(expected).not.toEqual(
      Int8Array.from(x, (v) => Math.max(-128, Math.min(127, nearestEven(v / scale)))),
    );
    expect(
      (await run('quantize', { shape: [400], to: 'int8' }, { x, scale: [scale], zeroPoint: [0] })).y,
    ).toEqual(expected);
  });

  it.each(signs)('takes parameters per tensor and along each axis, %s', async (to) => {
    const next = random(1);
    const shape = [3, 4, 5];
    for (const axis of [undefined, 0, 1, 2]) {
      const count = axis === undefined ? 1 : shape[axis]!;
      const x = [...randomFloats(next, 60 - special.length, 10), ...special];
      const scale = Array.from({ length: count }, () => fround(next() + 0.01));
      const zeroPoint = [...randomCodes(next, to, count)];
      const at = (i: number): number =>
        axis === undefined ? 0 : [Math.floor(i / 20), Math.floor(i / 5) % 4, i % 5][axis]!;
      const code = (v: number, i: number): number => quantized(v, scale[at(i)]!, zeroPoint[at(i)]!, to);
      const spec = { shape, ...(axis === undefined ? {} : { axis }) };
      const { y } = await run('quantize', { ...spec, to }, { x, scale, zeroPoint });
      expect(Array.from(y!)).toEqual(x.map((v, i) => code(fround(v), i)));
      const fake = await run('fakeQuantize', { ...spec, dtype: to }, { x, scale, zeroPoint });
      expect(Array.from(fake.y!)).toEqual(
        x.map((v, i) => fround((code(fround(v), i) - zeroPoint[at(i)]!) * scale[at(i)]!)),
      );
      const back = await run('dequantize', { ...spec, from: to }, { x: y!, scale, zeroPoint });
      expect(back.y).toEqual(fake.y);
    }
  });

  it.each(['int8', 'uint8', 'int16', 'uint4', 'int2'] as const)(
    'takes a scale for each block, %s',
    async (to) => {
      const next = random(2);
      const shape = [3, 5, 4];
      for (const [axis, block] of [
        [0, 2],
        [1, 2],
        [1, 3],
        [2, 3],
        [2, 4],
        [2, 9],
      ] as const) {
        const blocks = shape.with(axis, Math.ceil(shape[axis]! / block));
        const count = blocks[0]! * blocks[1]! * blocks[2]!;
        const x = [...randomFloats(next, 60, 20)];
        const scale = Array.from({ length: count }, () => fround(next() + 0.01));
        const [lo, hi] = codeRange(to);
        const zeroPoint = Array.from({ length: count }, () => lo + Math.floor(next() * (hi - lo + 1)));
        const at = (i: number): number => {
          const index = [Math.floor(i / 20), Math.floor(i / 4) % 5, i % 4];
          index[axis] = Math.floor(index[axis]! / block);
          return (index[0]! * blocks[1]! + index[1]!) * blocks[2]! + index[2]!;
        };
        const codes = x.map((v, i) => {
          const t = nearestEven(fround(fround(v) / scale[at(i)]!)) + zeroPoint[at(i)]!;
          return Math.min(Math.max(t, lo), hi);
        });
        const spec = { shape, axis, block };
        const { y } = await run('quantize', { ...spec, to }, { x, scale, zeroPoint });
        expect(Array.from(y!)).toEqual(codes);
        const reals = codes.map((code, i) => fround((code - zeroPoint[at(i)]!) * scale[at(i)]!));
        const back = await run('dequantize', { ...spec, from: to }, { x: y!, scale, zeroPoint });
        expect(Array.from(back.y!)).toEqual(reals);
        const fake = await run('fakeQuantize', { ...spec, dtype: to }, { x, scale, zeroPoint });
        expect(Array.from(fake.y!)).toEqual(reals);
      }
    },
  );

  it('takes empty tensors and scalars', async () => {
    expect(
      (
        await run(
          'quantize',
          { shape: [0, 3], to: 'int8', axis: 1 },
          { x: [], scale: [1, 1, 1], zeroPoint: [0, 0, 0] },
        )
      ).y,
    ).toEqual(new Int8Array(0));
    expect(
      (await run('quantize', { shape: [2, 0], to: 'int8', axis: 1 }, { x: [], scale: [], zeroPoint: [] })).y,
    ).toEqual(new Int8Array(0));
    expect(
      (await run('quantize', { shape: [], to: 'uint8' }, { x: [5], scale: [2], zeroPoint: [10] })).y,
    ).toEqual(Uint8Array.of(12));
  });
});

describe('dequantize', () => {
  it('rounds an int32 code to float32 before it scales it', async () => {
    const x = Int32Array.of(16777217, 2147483647, -2147483648, 16777219, -33554433);
    const scale = fround(0.3);
    const { y } = await run('dequantize', { shape: [5], from: 'int32' }, { x, scale: [scale] });
    expect(y).toEqual(Float32Array.from(x, (v) => fround(fround(v) * scale)));
    expect(y).not.toEqual(Float32Array.from(x, (v) => v * scale));
  });

  it('takes a scale for each bias', async () => {
    const { y } = await run(
      'dequantize',
      { shape: [3], from: 'int32', axis: 0 },
      { x: [100, -7, 3], scale: [0.5, 2, 0.25] },
    );
    expect(y).toEqual(Float32Array.of(50, -14, 0.75));
  });
});

describe('dynamicQuantize', () => {
  it.each([
    [[0, 2, -3, -2.5, 1.34, 0.5], [153, 255, 0, 26, 221, 179], 0.019607844, 153],
    [[-1, -2.1, -1.3, -2.5, -3.34, -4], [191, 121, 172, 96, 42, 0], 0.015686275, 255],
    [[-1, 1], [0, 254], 2 / 255, 127],
    [[0, 0], [0, 0], 1, 0],
    [[NaN, 1, 2], [0, 127, 255], 2 / 255, 0],
    [[3, 5], [153, 255], 5 / 255, 0],
    [[], [], 1, 0],
  ])('of %j is %j', async (x, y, scale, zeroPoint) => {
    const got = await run('dynamicQuantize', { shape: [x.length] }, { x });
    expect(got).toEqual({
      y: Uint8Array.from(y),
      scale: Float32Array.of(scale),
      zeroPoint: Uint8Array.of(zeroPoint),
    });
  });
});

describe('lut256', () => {
  it('indexes by the code, whatever the signedness on either side', async () => {
    const next = random(3);
    for (const from of signs) {
      for (const to of signs) {
        const [lo] = codeRange(from);
        const table = randomCodes(next, to, 256);
        const x = Array.from({ length: 256 }, (_, i) => lo + ((i * 37) % 256));
        const { y } = await run('lut256', { shape: [256], from, to }, { x, table });
        expect(Array.from(y!)).toEqual(x.map((code) => table[code - lo]));
      }
    }
  });
});
