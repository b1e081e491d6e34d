import { averageFactors, codeRange, type WindowSpec, windowOutput } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import {
  nearestEven,
  type Numbers,
  random,
  randomCodes,
  randomFloats,
  requantized,
  run,
  signs,
} from './support.ts';

const base: WindowSpec = {
  n: 2,
  h: 5,
  w: 6,
  c: 3,
  kernel: [2, 3],
  strides: [1, 1],
  pads: [0, 0, 0, 0],
  dilations: [1, 1],
};
const windows: Record<string, WindowSpec> = {
  plain: base,
  'strides and asymmetric pads': { ...base, strides: [2, 2], pads: [1, 2, 0, 1] },
  dilations: { ...base, dilations: [2, 2], pads: [1, 0, 1, 1] },
  global: { ...base, kernel: [5, 6] },
  'windows of padding alone': { ...base, h: 1, w: 1, kernel: [2, 2], pads: [2, 2, 2, 2] },
};

/** The elements of each window, for each output element in order. */
function elements(spec: WindowSpec, x: Numbers): number[][] {
  const [oh, ow] = windowOutput(spec);
  const result: number[][] = [];
  for (let at = 0; at < spec.n * oh * ow * spec.c; at++) {
    const c = at % spec.c;
    const [n, y, column] = [
      Math.floor(at / (spec.c * ow * oh)),
      Math.floor(at / (spec.c * ow)) % oh,
      Math.floor(at / spec.c) % ow,
    ];
    const found: number[] = [];
    for (let ih = 0; ih < spec.h; ih++) {
      for (let iw = 0; iw < spec.w; iw++) {
        const a = (ih + spec.pads[0] - y * spec.strides[0]) / spec.dilations[0];
        const b = (iw + spec.pads[1] - column * spec.strides[1]) / spec.dilations[1];
        const hit =
          Number.isInteger(a) &&
          Number.isInteger(b) &&
          a >= 0 &&
          b >= 0 &&
          a < spec.kernel[0] &&
          b < spec.kernel[1];
        if (hit) found.push(x[((n * spec.h + ih) * spec.w + iw) * spec.c + c]!);
      }
    }
    result.push(found);
  }
  return result;
}

const size = (spec: WindowSpec): number => spec.n * spec.h * spec.w * spec.c;

describe.each(Object.entries(windows))('%s', (_, window) => {
  it.each(signs)('qmaxpool takes the largest %s, and padding never wins', async (dtype) => {
    const x = randomCodes(random(31), dtype, size(window)).map((v) => Math.min(v, codeRange(dtype)[0] + 20));
    const { y } = await run('qmaxpool', { ...window, dtype }, { x });
    expect(Array.from(y!)).toEqual(elements(window, x).map((e) => Math.max(codeRange(dtype)[0], ...e)));
  });

  it('maxpool takes the largest float, and padding never wins', async () => {
    const x = randomFloats(random(32), size(window)).map((v) => -Math.abs(v));
    const { y } = await run('maxpool', window, { x });
    expect(Array.from(y!)).toEqual(elements(window, x).map((e) => Math.max(...e)));
  });

  for (const countIncludePad of [false, true]) {
    it(`avgpool divides the float32 sum, padding ${countIncludePad ? '' : 'not '}counted`, async () => {
      const x = randomFloats(random(33), size(window));
      const { y } = await run('avgpool', { ...window, countIncludePad }, { x });
      const expected = elements(window, x).map((e) => {
        const s = new Float32Array(1);
        for (const v of e) s[0] = s[0]! + v;
        const count = countIncludePad ? window.kernel[0] * window.kernel[1] : e.length;
        return count === 0 ? 0 : Math.fround(s[0]! / count);
      });
      expect(Array.from(y!)).toEqual(expected);
    });

    it(`qavgpool requantizes the exact sum by the count, padding ${countIncludePad ? '' : 'not '}counted`, async () => {
      const next = random(34);
      for (const dtype of signs) {
        for (const to of signs) {
          const x = randomCodes(next, dtype, size(window));
          const [xZeroPoint, zeroPoint] = [randomCodes(next, dtype, 1)[0]!, randomCodes(next, to, 1)[0]!];
          const taps = window.kernel[0] * window.kernel[1];
          const { multiplier } = averageFactors('ort-f32', 0.05, 0.06, taps);
          const spec = { ...window, dtype, to, mode: 'ort-f32', countIncludePad } as const;
          const { y } = await run('qavgpool', spec, {
            x,
            xZeroPoint: [xZeroPoint],
            multiplier,
            zeroPoint: [zeroPoint],
          });
          const expected = elements(window, x).map((e) => {
            const sum = e.reduce((total, v) => total + v - xZeroPoint, 0);
            const count = countIncludePad ? taps : e.length;
            const m = Math.fround(Math.fround(0.05) / Math.fround(0.06 * count));
            return e.length === 0 ? zeroPoint : requantized(sum, m, zeroPoint, codeRange(to));
          });
          expect(Array.from(y!)).toEqual(expected);
        }
      }
    });
  }
});

describe('pools', () => {
  it('give NaN for a window that has one', async () => {
    const window: WindowSpec = {
      n: 1,
      h: 1,
      w: 4,
      c: 1,
      kernel: [1, 2],
      strides: [1, 1],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
    };
    expect((await run('maxpool', window, { x: [5, NaN, 7, 8] })).y).toEqual(Float32Array.of(NaN, NaN, 8));
  });

  it('qavgpool sums exactly past 2^24, where float32 loses ones', async () => {
    const [h, w, strides, pads, dilations] = [256, 300, [1, 1], [0, 0, 0, 0], [1, 1]] as const;
    const count = h * w;
    const spec = {
      n: 1,
      h,
      w,
      c: 1,
      kernel: [h, w],
      strides,
      pads,
      dilations,
      dtype: 'uint8',
      to: 'uint8',
      mode: 'ort-f32',
      countIncludePad: false,
    } as const;
    const float = new Float32Array(1);
    for (let i = 0; i < count; i++) float[0] = float[0]! + 255;
    const multiplier = 200.45 / (255 * count);
    expect(nearestEven(float[0]! * multiplier)).toBe(201);
    const data = {
      x: new Uint8Array(count).fill(255),
      xZeroPoint: [0],
      multiplier: new Float32Array(count).fill(multiplier),
      zeroPoint: [3],
    };
    expect((await run('qavgpool', spec, data)).y).toEqual(Uint8Array.of(203));
  });

  it('take images without pixels', async () => {
    expect((await run('maxpool', { ...base, n: 0 }, { x: [] })).y).toEqual(new Float32Array(0));
    expect((await run('qmaxpool', { ...base, c: 0, dtype: 'int8' }, { x: [] })).y).toEqual(new Int8Array(0));
  });
});
