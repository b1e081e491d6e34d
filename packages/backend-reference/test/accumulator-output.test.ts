import { codeRange, type QConv2dSpec, type QGemmSpec } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { convolutionAccumulators, convolutionCodes, gemmAccumulators, gemmCodes } from './oracles.ts';
import { integer, random, randomFloats, requantized, run, signs } from './support.ts';

const { fround } = Math;

describe('qgemm', () => {
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
            const range = clamp ?? codeRange(dtype);
            const zeroPoint = [integer(next, range[0] + 40, range[1] - 40)];
            const data = { ...gemmCodes(spec, seed++), aZeroPoint: [120] };
            const accs = gemmAccumulators(spec, data);
            const size = Math.max(...accs.map(Math.abs));
            const biases = Array.from({ length: 5 }, () => integer(next, -(size >> 2), size >> 2));
            const multipliers = Array.from({ length: multiplier === 'per-channel' ? 5 : 1 }, () =>
              fround(((0.2 + next()) * 200) / size),
            );
            const expected = accs.map((acc, at) =>
              requantized(
                acc + (bias === 'int32' ? biases[at % 5]! : 0),
                multipliers[at % multipliers.length]!,
                zeroPoint[0]!,
                range,
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
          ...gemmCodes(spec, seed++),
          aZeroPoint: [0],
          bZeroPoint: [0],
          bias: biases,
          multiplier: multipliers,
        };
        const accs = gemmAccumulators(spec, data);
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

describe('qconv2d', () => {
  it.each(signs)('requantizes each output channel with its bias, multiplier and clamp, %s', async (dtype) => {
    const range = codeRange(dtype);
    for (const groups of [1, 4]) {
      const output = {
        type: 'codes',
        dtype,
        mode: 'ort-f32',
        multiplier: 'per-channel',
        clamp: [range[0] + 5, range[1] - 5],
      } as const;
      const spec: QConv2dSpec = {
        n: 1,
        h: 5,
        w: 6,
        kernel: [3, 2],
        strides: [1, 1],
        dilations: [1, 1],
        c: 4,
        o: 4,
        groups,
        pads: [1, 1, 1, 1],
        x: 'uint8',
        weights: 'int8',
        wZeroPoint: 'per-tensor',
        bias: 'int32',
        output,
      };
      const next = random(9);
      const bias = Array.from({ length: 4 }, () => integer(next, -9000, 9000));
      const zeroPoint = range[0] + 101;
      const data = convolutionCodes(spec, 70);
      const accs = convolutionAccumulators(spec, data);
      const multiplier = Array.from({ length: 4 }, () =>
        Math.fround(((0.2 + next()) * 200) / Math.max(...accs.map(Math.abs))),
      );
      const expected = accs.map((acc, i) =>
        requantized(acc + bias[i % 4]!, multiplier[i % 4]!, zeroPoint, output.clamp),
      );
      expect(new Set(expected).size).toBeGreaterThan(20);
      expect(
        Array.from((await run('qconv2d', spec, { ...data, bias, multiplier, zeroPoint: [zeroPoint] })).y!),
      ).toEqual(expected);
    }
  });
});
