// The integer ops of the fixed-point modes, over every pair of codes.
import {
  addFactors,
  averageFactors,
  type CodeType,
  codeRange,
  exp,
  type FixedMode,
  fixedPoint,
  mulFactors,
  softmaxFactors,
  softmaxTable,
  tensor,
  requantizeTensor,
} from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { random, randomCodes, run, signs } from './support.ts';

/** Every pair of two codes, as operands [256, 1] and [256]. */
function allCodes(dtype: CodeType): Int8Array | Uint8Array {
  const [lo] = codeRange(dtype);
  const codes = Array.from({ length: 256 }, (_, i) => lo + i);
  return dtype === 'int8' ? Int8Array.from(codes) : Uint8Array.from(codes);
}

const saturate = (q: number, dtype: CodeType): number => {
  const [lo, hi] = codeRange(dtype);
  return Math.min(Math.max(q, lo), hi);
};

describe.each(['tflite-double', 'tflite-single', 'shift-floor'] as const)('qmul, %s', (mode) => {
  it.each(signs)('is the requantized product of every pair of %s codes', async (dtype) => {
    const codes = allCodes(dtype);
    const [za, zb, zy] = dtype === 'int8' ? [-7, 12, 3] : [120, 140, 131];
    const params = [0.02, 0.031, 0.043].map(Math.fround) as [number, number, number];
    const of = (i: number, zeroPoint: number) => ({ scale: params[i]!, zeroPoint });
    const factors = mulFactors(mode, of(0, za), of(1, zb), of(2, zy)).data as Int32Array;
    const spec = { aShape: [256, 1], bShape: [256], dtype, mode };
    const { y } = await run('qmul', spec, { a: codes, b: codes, factors });
    const sums = Array.from({ length: 65536 }, (_, i) => (codes[i >> 8]! - za) * (codes[i & 255]! - zb));
    const multiplier = [(params[0] * params[1]) / params[2]];
    const expected = requantizeTensor(tensor('int32', sums), { dtype, multiplier, zeroPoint: zy, mode });
    expect(Array.from(y!)).toEqual(Array.from(expected.data));
  });
});

describe('qmul in float32', () => {
  // From ONNX Runtime 1.30, zero points 128, scales 0.1, 0.1 and 0.2: the zero point rounds 94.50001 to a tie.
  it('ort-x86 adds the zero point before it rounds, decomposed after', async () => {
    const of = (scale: number) => ({ scale: Math.fround(scale), zeroPoint: 128 });
    const product = async (mode: 'ort-x86' | 'decomposed', a: number, b: number): Promise<number> => {
      const factors = mulFactors(mode, of(0.1), of(0.1), of(0.2)).data as Float32Array;
      const spec = { aShape: [1], bShape: [1], dtype: 'uint8', mode } as const;
      return (await run('qmul', spec, { a: [a], b: [b], factors }))['y']![0]!;
    };
    expect([await product('ort-x86', 65, 98), await product('decomposed', 65, 98)]).toEqual([222, 223]);
  });
});

describe('qadd', () => {
  const a = { scale: 0.05, zeroPoint: 3 };
  const b = { scale: 0.021, zeroPoint: -5 };
  const y = { scale: 0.06, zeroPoint: 7 };
  const codes = allCodes('int8');
  const sums = async (mode: Parameters<typeof addFactors>[0]): Promise<ArrayLike<number>> =>
    (
      await run(
        'qadd',
        { aShape: [256, 1], bShape: [256], dtype: 'int8', mode },
        { a: codes, b: codes, factors: addFactors(mode, a, b, y).data as Int32Array },
      )
    )['y']!;
  const real = (i: number): number =>
    ((codes[i >> 8]! - a.zeroPoint) * a.scale + (codes[i & 255]! - b.zeroPoint) * b.scale) / y.scale +
    y.zeroPoint;

  it.each(['tflite-double', 'tflite-single'] as const)(
    '%s is within a step of the real sum, for every pair',
    async (mode) => {
      const got = await sums(mode);
      for (let i = 0; i < 65536; i++) {
        const exact = Math.min(Math.max(real(i), -128), 127);
        if (Math.abs(got[i]! - exact) > 0.5 + 1e-4)
          expect.fail(`${codes[i >> 8]} + ${codes[i & 255]}: ${got[i]}, ${exact}`);
      }
    },
  );

  it('shift-floor never rounds up', async () => {
    const got = await sums('shift-floor');
    for (let i = 0; i < 65536; i++) {
      const exact = Math.min(Math.max(real(i), -128), 127);
      const off = got[i]! - exact;
      if (off > 1e-6 || off < -1.001)
        expect.fail(`${codes[i >> 8]} + ${codes[i & 255]}: ${got[i]}, ${exact}`);
    }
  });

  it('tflite-double is its formula, spelled with integers of any length', async () => {
    const got = await sums('tflite-double');
    const times = (x: bigint, value: number): bigint => {
      const { multiplier, shift } = fixedPoint.decompose(value);
      const product = (shift > 0 ? x << BigInt(shift) : x) * BigInt(multiplier);
      const high = (product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n);
      if (shift >= 0) return high;
      const mask = (1n << BigInt(-shift)) - 1n;
      return (high >> BigInt(-shift)) + ((high & mask) > (mask >> 1n) + (high < 0n ? 1n : 0n) ? 1n : 0n);
    };
    const twice = 2 * a.scale;
    for (let i = 0; i < 65536; i += 7) {
      const left = times(BigInt(codes[i >> 8]! - a.zeroPoint) << 20n, a.scale / twice);
      const right = times(BigInt(codes[i & 255]! - b.zeroPoint) << 20n, b.scale / twice);
      const sum = Number(times(left + right, twice / (2 ** 20 * y.scale))) + y.zeroPoint;
      expect(got[i]).toBe(saturate(sum, 'int8'));
    }
  });

  // Numerics 4.13: scales, codes, the sum; every zero point is 128.
  it.each([
    [0.1, 0.1, 0.2, 0, 7, 3],
    [0.05, 0.1, 0.3, 1, 1, 65],
  ])('decomposed: %d and %d to %d', async (sa, sb, sy, qa, qb, expected) => {
    const of = (scale: number) => ({ scale: Math.fround(scale), zeroPoint: 128 });
    const factors = addFactors('decomposed', of(sa), of(sb), of(sy)).data as Float32Array;
    const spec = { aShape: [1], bShape: [1], dtype: 'uint8', mode: 'decomposed' } as const;
    expect((await run('qadd', spec, { a: [qa], b: [qb], factors }))['y']![0]).toBe(expected);
  });
});

describe('qavgpool', () => {
  const mean = async (
    mode: FixedMode,
    codes: number[],
    sx: number,
    sy: number,
    zero: number,
  ): Promise<number> => {
    const { multiplier, shift } = averageFactors(mode, sx, sy, codes.length);
    const size = codes.length;
    const window = {
      n: 1,
      h: 1,
      w: size,
      c: 1,
      kernel: [1, size],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
    } as const;
    const spec = { ...window, dtype: 'int8', to: 'int8', mode, countIncludePad: false } as const;
    const io = { x: codes, xZeroPoint: [zero], multiplier, shift: shift!, zeroPoint: [zero] };
    return (await run('qavgpool', spec, io))['y']![0]!;
  };

  it('of one scale divides raw codes, ties away from zero, as TensorFlow Lite', async () => {
    for (const zero of [0, -128, 3]) {
      expect(await mean('tflite-double', [1, 2], 0.1, 0.1, zero)).toBe(2);
      expect(await mean('tflite-single', [-1, -2], 0.1, 0.1, zero)).toBe(-2);
      expect(await mean('tflite-double', [5, 5, 6], 0.1, 0.1, zero)).toBe(5);
      expect(await mean('shift-floor', [-1, -2], 0.1, 0.1, zero)).toBe(-2);
      expect(await mean('shift-floor', [1, 2], 0.1, 0.1, zero)).toBe(1);
    }
  });

  it('of two scales requantizes the mean around the zero point', async () => {
    expect(await mean('tflite-single', [40, 44], 0.1, 0.2, 2)).toBe(22);
    expect(await mean('tflite-double', [-40, -44], 0.1, 0.05, 0)).toBe(-84);
  });
});

describe('qsoftmax', () => {
  it('is within a step of the real softmax, and sums to the whole', async () => {
    const next = random(3);
    for (const [from, to, sx, sy, zy] of [
      ['int8', 'int8', 0.1, 1 / 256, -128],
      ['uint8', 'uint8', 0.05, 1 / 255, 0],
      ['int8', 'uint8', 0.7, 1 / 128, 5],
    ] as const) {
      const [outer, extent, inner] = [3, 12, 4];
      const x = randomCodes(next, from, outer * extent * inner);
      const factors = softmaxFactors(sy);
      const spec = { outer, extent, inner, from, to, mode: 'tflite-double' } as const;
      const { y } = await run('qsoftmax', spec, {
        x,
        table: softmaxTable(sx),
        multiplier: factors.multiplier,
        shift: factors.shift!,
        zeroPoint: [zy],
      });
      for (let o = 0; o < outer; o++) {
        for (let i = 0; i < inner; i++) {
          const row = Array.from({ length: extent }, (_, e) => (o * extent + e) * inner + i);
          const total = row.reduce((sum, at) => sum + exp(sx * x[at]!), 0);
          for (const at of row) {
            const exact = Math.min(exp(sx * x[at]!) / total / sy + zy, codeRange(to)[1]);
            expect(Math.abs(y![at]! - exact)).toBeLessThanOrEqual(0.501);
          }
        }
      }
    }
  });

  it('gives all to one code far above the others, and equal shares to equal codes', async () => {
    const spec = { outer: 1, extent: 4, inner: 1, from: 'int8', to: 'int8', mode: 'tflite-double' } as const;
    const { multiplier, shift } = softmaxFactors(1 / 256);
    const io = { table: softmaxTable(1), multiplier, shift: shift!, zeroPoint: [-128] };
    expect(Array.from((await run('qsoftmax', spec, { ...io, x: [127, -128, -128, -128] }))['y']!)).toEqual([
      127, -128, -128, -128,
    ]);
    expect(Array.from((await run('qsoftmax', spec, { ...io, x: [5, 5, 5, 5] }))['y']!)).toEqual([
      -64, -64, -64, -64,
    ]);
  });
});
