import { type AccumulatorSpec, type CodeType, codeRange, type QGemmSpec } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import {
  integer,
  int32,
  type Numbers,
  random,
  randomCodes,
  randomFloats,
  requantized,
  run,
  signs,
} from './support.ts';

const plain: AccumulatorSpec = { bias: 'none', output: { type: 'int32' } };
const { fround } = Math;

/** All accumulators, by the expanded identity: products, column sums, row sums and zero points apart. */
function accumulators(spec: QGemmSpec, d: Readonly<Record<string, Numbers>>): number[] {
  const { batch, m, n, k } = spec;
  const a = (p: number, i: number, l: number): bigint => BigInt(d['a']![(p * m + i) * k + l]!);
  const b = (p: number, l: number, j: number): bigint =>
    BigInt(d['b']![spec.transposeB ? (p * n + j) * k + l : (p * k + l) * n + j]!);
  const za = BigInt(d['aZeroPoint']![0]!);
  return Array.from({ length: batch * m * n }, (_, at) => {
    const [p, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
    const zb = BigInt(d['bZeroPoint']![spec.bZeroPoint === 'per-channel' ? j : 0]!);
    let [products, rows, columns] = [0n, 0n, 0n];
    for (let l = k - 1; l >= 0; l--) {
      products += a(p, i, l) * b(p, l, j);
      rows += a(p, i, l);
      columns += b(p, l, j);
    }
    return int32(products - zb * rows - za * columns + BigInt(k) * za * zb);
  });
}

function codesFor(spec: QGemmSpec, seed: number, zeroPoints?: 'low' | 'high'): Record<string, Numbers> {
  const next = random(seed);
  const zero = (dtype: CodeType, count: number): Numbers =>
    zeroPoints
      ? new Array<number>(count).fill(codeRange(dtype)[zeroPoints === 'low' ? 0 : 1])
      : randomCodes(next, dtype, count);
  return {
    a: randomCodes(next, spec.a, spec.batch * spec.m * spec.k),
    b: randomCodes(next, spec.b, spec.batch * spec.k * spec.n),
    aZeroPoint: zero(spec.a, 1),
    bZeroPoint: zero(spec.b, spec.bZeroPoint === 'per-channel' ? spec.n : 1),
  };
}

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
                const data = codesFor(spec, seed++, ends);
                expect(Array.from((await run('qgemm', spec, data)).y!)).toEqual(accumulators(spec, data));
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

  it('requantizes with its bias, a multiplier for all or for each column, a zero point and a clamp', async () => {
    let seed = 100;
    for (const dtype of signs) {
      for (const multiplier of ['per-tensor', 'per-channel'] as const) {
        for (const bias of ['none', 'int32'] as const) {
          for (const clamp of [undefined, dtype === 'int8' ? [-100, 3] : [7, 200]] as (
            | undefined
            | [number, number]
          )[]) {
            const output = {
              type: 'codes',
              dtype,
              mode: 'ort-f32',
              multiplier,
              ...(clamp ? { clamp } : {}),
            } as const;
            const spec: QGemmSpec = {
              batch: 2,
              m: 3,
              n: 5,
              k: 9,
              a: 'uint8',
              b: 'int8',
              transposeB: true,
              bZeroPoint: 'per-channel',
              bias,
              output,
            };
            const next = random(seed);
            const zeroPoint = [integer(next, codeRange(dtype)[0] + 60, codeRange(dtype)[1] - 60)];
            const data = codesFor(spec, seed++);
            const accs = accumulators(spec, data);
            const size = Math.max(...accs.map(Math.abs));
            const biases = Array.from({ length: 5 }, () => integer(next, -size / 4, size / 4));
            const multipliers = Array.from({ length: multiplier === 'per-channel' ? 5 : 1 }, () =>
              fround(((0.2 + next()) * 200) / size),
            );
            const expected = accs.map((acc, at) =>
              requantized(
                acc + (bias === 'int32' ? biases[at % 5]! : 0),
                multipliers[at % multipliers.length]!,
                zeroPoint[0]!,
                clamp ?? codeRange(dtype),
              ),
            );
            expect(new Set(expected).size).toBeGreaterThan(5);
            expect(
              Array.from(
                (await run('qgemm', spec, { ...data, bias: biases, multiplier: multipliers, zeroPoint })).y!,
              ),
            ).toEqual(expected);
          }
        }
      }
    }
  });

  it('rounds ties as ONNX Runtime: before the zero point', async () => {
    const output = { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-tensor' } as const;
    const spec: QGemmSpec = {
      batch: 1,
      m: 4,
      n: 1,
      k: 1,
      a: 'uint8',
      b: 'uint8',
      transposeB: true,
      bZeroPoint: 'per-tensor',
      bias: 'none',
      output,
    };
    const data = { a: [1, 3, 5, 7], b: [1], aZeroPoint: [0], bZeroPoint: [0], multiplier: [0.5] };
    expect((await run('qgemm', spec, { ...data, zeroPoint: [1] })).y).toEqual(Uint8Array.of(1, 3, 3, 5));
    expect((await run('qgemm', spec, { ...data, zeroPoint: [113] })).y).toEqual(
      Uint8Array.of(113, 115, 115, 117),
    );
  });

  it('scales to float32: the accumulator, the product and the sum with the bias each rounded once', async () => {
    let seed = 200;
    for (const multiplier of ['per-tensor', 'per-channel'] as const) {
      for (const bias of ['none', 'int32', 'float32'] as const) {
        const spec: QGemmSpec = {
          batch: 1,
          m: 4,
          n: 6,
          k: 2000,
          a: 'uint8',
          b: 'uint8',
          transposeB: false,
          bZeroPoint: 'per-tensor',
          bias,
          output: { type: 'float32', multiplier },
        };
        const next = random(seed);
        const biases =
          bias === 'float32'
            ? randomFloats(next, 6, 1000)
            : Int32Array.from({ length: 6 }, () => integer(next, -9e7, 9e7));
        const multipliers = randomFloats(next, multiplier === 'per-channel' ? 6 : 1);
        const data = {
          ...codesFor(spec, seed++),
          aZeroPoint: [0],
          bZeroPoint: [0],
          bias: biases,
          multiplier: multipliers,
        };
        const accs = accumulators(spec, data);
        // Some accumulators must need rounding to f32.
        expect(accs.some((acc) => Math.abs(acc) > 16777216)).toBe(true);
        const expected = accs.map((acc, at) => {
          const y = Float32Array.of(bias === 'int32' ? acc + biases[at % 6]! : acc);
          y[0] = y[0]! * multipliers[at % multipliers.length]!;
          if (bias === 'float32') y[0] = y[0]! + biases[at % 6]!;
          return y[0]!;
        });
        expect(Array.from((await run('qgemm', spec, data)).y!)).toEqual(expected);
      }
    }
  });
});
