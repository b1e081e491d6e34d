import { type QConv2dSpec, windowOutput } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { convolutionAccumulators, convolutionCodes, plain } from './oracles.ts';
import { int32, run, signs } from './support.ts';

const base = {
  n: 1,
  h: 5,
  w: 6,
  c: 3,
  kernel: [3, 2],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
  o: 4,
  groups: 1,
} as const;

type Geometry = Omit<QConv2dSpec, 'x' | 'weights' | 'wZeroPoint' | 'bias' | 'output'>;
const geometries: Record<string, Geometry> = {
  'no padding': base,
  'asymmetric pads': { ...base, pads: [2, 0, 1, 3] },
  'pads wider than the image': { ...base, h: 2, w: 1, kernel: [3, 3], pads: [3, 4, 4, 3] },
  strides: { ...base, n: 2, strides: [2, 3], pads: [1, 1, 1, 1] },
  dilations: { ...base, h: 9, w: 8, dilations: [2, 3], pads: [1, 2, 2, 1] },
  'dilated rows alone': { ...base, h: 9, dilations: [3, 1], pads: [2, 1, 2, 1] },
  pointwise: { ...base, kernel: [1, 1], o: 7 },
  'pointwise with strides': { ...base, kernel: [1, 1], strides: [2, 2], o: 5 },
  'one channel': { ...base, c: 1, o: 6, pads: [1, 1, 1, 1] },
  'two groups': { ...base, n: 2, c: 4, o: 6, groups: 2, pads: [1, 1, 1, 0] },
  'three groups of one output': { ...base, c: 6, o: 3, groups: 3, pads: [0, 1, 1, 0] },
  depthwise: { ...base, c: 5, o: 5, groups: 5, pads: [1, 0, 1, 1], strides: [2, 1] },
  'depthwise with a multiplier': { ...base, c: 3, o: 9, groups: 3, pads: [1, 1, 0, 1], dilations: [1, 2] },
  'whole image': { ...base, kernel: [5, 6] },
};

describe('qconv2d', () => {
  for (const [name, geometry] of Object.entries(geometries)) {
    it(`is exact: ${name}`, async () => {
      let seed = 1;
      for (const x of signs) {
        for (const weights of signs) {
          for (const wZeroPoint of ['per-tensor', 'per-channel'] as const) {
            const spec: QConv2dSpec = { ...geometry, x, weights, wZeroPoint, ...plain };
            const data = convolutionCodes(spec, seed++);
            const expected = convolutionAccumulators(spec, data);
            expect(expected.length).toBeGreaterThan(0);
            expect(Array.from((await run('qconv2d', spec, data)).y!)).toEqual(expected);
          }
        }
      }
    });

    it(`is im2col, then qgemm of each group: ${name}`, async () => {
      const spec: QConv2dSpec = {
        ...geometry,
        x: 'uint8',
        weights: 'int8',
        wZeroPoint: 'per-channel',
        ...plain,
      };
      const data = convolutionCodes(spec, 50);
      const { y } = await run('qconv2d', spec, data);
      const [oh, ow] = windowOutput(spec);
      const m = spec.n * oh * ow;
      const n = spec.o / spec.groups;
      const channels = spec.c / spec.groups;
      const k = spec.kernel[0] * spec.kernel[1] * channels;
      for (let g = 0; g < spec.groups; g++) {
        const patches = await run(
          'im2col',
          { ...geometry, dtype: 'uint8', channels: [g * channels, channels] },
          { x: data['x']!, zeroPoint: data['xZeroPoint']! },
        );
        const product = await run(
          'qgemm',
          { batch: 1, m, n, k, a: 'uint8', b: 'int8', transposeB: true, bZeroPoint: 'per-channel', ...plain },
          {
            a: patches['y']!,
            b: Array.from(data['w']!).slice(g * n * k, (g + 1) * n * k),
            aZeroPoint: data['xZeroPoint']!,
            bZeroPoint: Array.from(data['wZeroPoint']!).slice(g * n, (g + 1) * n),
          },
        );
        const columns = Array.from(
          { length: m * n },
          (_, i) => y![Math.floor(i / n) * spec.o + g * n + (i % n)],
        );
        expect(Array.from(product['y']!)).toEqual(columns);
      }
    });
  }

  it.each([
    ['dense', 1],
    ['depthwise', 4],
  ])('wraps modulo 2^32, %s', async (_, groups) => {
    const side = 258;
    const spec: QConv2dSpec = {
      ...base,
      h: side,
      w: side,
      c: 4,
      kernel: [side, side],
      o: 4,
      groups,
      x: 'uint8',
      weights: 'uint8',
      wZeroPoint: 'per-tensor',
      ...plain,
    };
    const terms = (side * side * 4) / groups;
    const exact = BigInt(terms) * 65025n;
    expect(exact > 4294967296n).toBe(true);
    const data = {
      x: new Uint8Array(side * side * 4).fill(255),
      w: new Uint8Array(terms * 4).fill(255),
      xZeroPoint: [0],
      wZeroPoint: [0],
    };
    expect((await run('qconv2d', spec, data)).y).toEqual(new Int32Array(4).fill(int32(exact)));
  });

  it('takes no images, no channels and no outputs', async () => {
    const int8 = { x: 'int8', weights: 'int8', wZeroPoint: 'per-tensor' } as const;
    const zero = { xZeroPoint: [3], wZeroPoint: [0] };
    const bias = { bias: 'int32', output: { type: 'int32' } } as const;
    expect(
      (await run('qconv2d', { ...base, ...int8, ...plain, n: 0 }, { x: [], w: new Int8Array(72), ...zero }))
        .y,
    ).toEqual(new Int32Array(0));
    expect(
      (await run('qconv2d', { ...base, ...int8, ...plain, o: 0 }, { x: new Int8Array(90), w: [], ...zero }))
        .y,
    ).toEqual(new Int32Array(0));
    expect(
      (
        await run(
          'qconv2d',
          { ...base, ...int8, ...bias, h: 3, w: 2, c: 0, o: 2 },
          { x: [], w: [], ...zero, bias: [5, -6] },
        )
      ).y,
    ).toEqual(Int32Array.of(5, -6));
  });
});

describe('im2col', () => {
  it('gives patches in order of rows, columns, channels, the zero point outside the image', async () => {
    const spec = {
      n: 1,
      h: 2,
      w: 2,
      c: 2,
      kernel: [2, 2],
      strides: [1, 1],
      pads: [1, 0, 0, 0],
      dilations: [1, 1],
      dtype: 'int8',
      channels: [1, 1],
    } as const;
    const { y } = await run('im2col', spec, { x: [1, 2, 3, 4, 5, 6, 7, 8], zeroPoint: [-9] });
    expect(y).toEqual(Int8Array.of(-9, -9, 2, 4, 2, 4, 6, 8));
  });
});
