import { type Conv2dSpec, type GemmSpec, windowOutput } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { type Numbers, random, randomFloats, run } from './support.ts';

/** A float32 sum: the store of each product and each sum rounds it. */
function sum32(
  terms: readonly (readonly [number, number])[],
  bias = 0,
  clamp?: readonly [number, number],
): number {
  const [s, p] = [new Float32Array(1), new Float32Array(1)];
  for (const [a, b] of terms) {
    p[0] = a * b;
    s[0] = s[0]! + p[0];
  }
  s[0] = s[0]! + bias;
  return clamp ? Math.min(Math.max(s[0], clamp[0]), clamp[1]) : s[0];
}

function convolution(spec: Conv2dSpec, x: Numbers, w: Numbers, bias: Numbers): number[] {
  const [oh, ow] = windowOutput(spec);
  const [kh, kw] = spec.kernel;
  const inside = spec.c / spec.groups;
  const result: number[] = [];
  for (let at = 0; at < spec.n * oh * ow * spec.o; at++) {
    const o = at % spec.o;
    const [n, y, column] = [
      Math.floor(at / (spec.o * ow * oh)),
      Math.floor(at / (spec.o * ow)) % oh,
      Math.floor(at / spec.o) % ow,
    ];
    const terms: [number, number][] = [];
    for (let tap = 0; tap < kh * kw * inside; tap++) {
      const [a, b, i] = [Math.floor(tap / (kw * inside)), Math.floor(tap / inside) % kw, tap % inside];
      const ih = y * spec.strides[0] + a * spec.dilations[0] - spec.pads[0];
      const iw = column * spec.strides[1] + b * spec.dilations[1] - spec.pads[1];
      if (ih < 0 || iw < 0 || ih >= spec.h || iw >= spec.w) continue;
      const channel = Math.floor(o / (spec.o / spec.groups)) * inside + i;
      terms.push([x[((n * spec.h + ih) * spec.w + iw) * spec.c + channel]!, w[o * kh * kw * inside + tap]!]);
    }
    result.push(sum32(terms, spec.bias ? bias[o] : 0, spec.clamp));
  }
  return result;
}

describe('conv2d', () => {
  const base: Conv2dSpec = {
    n: 2,
    h: 6,
    w: 7,
    c: 8,
    kernel: [3, 3],
    strides: [1, 1],
    pads: [1, 1, 1, 1],
    dilations: [1, 1],
    o: 6,
    groups: 1,
    bias: false,
  };
  const specs: Record<string, Conv2dSpec> = {
    dense: base,
    'with a bias and a clamp': { ...base, bias: true, clamp: [0, 6] },
    'strides and asymmetric pads': { ...base, strides: [2, 3], pads: [0, 2, 1, 1], bias: true },
    dilations: { ...base, dilations: [2, 2] },
    groups: { ...base, groups: 2, bias: true },
    pointwise: { ...base, kernel: [1, 1], pads: [0, 0, 0, 0], o: 9 },
    depthwise: { ...base, groups: 8, o: 8, bias: true, clamp: [-1, 1] },
    'depthwise with a multiplier': { ...base, groups: 8, o: 16 },
  };
  it.each(Object.entries(specs))(
    'sums in float32 in order of rows, columns, channels: %s',
    async (_, spec) => {
      const next = random(11);
      const x = randomFloats(next, spec.n * spec.h * spec.w * spec.c);
      const w = randomFloats(next, (spec.o * spec.kernel[0] * spec.kernel[1] * spec.c) / spec.groups);
      const bias = randomFloats(next, spec.o);
      const { y } = await run('conv2d', spec, { x, w, bias });
      expect(Array.from(y!)).toEqual(convolution(spec, x, w, bias));
    },
  );

  it('leaves taps outside the image out, whatever their weights', async () => {
    const spec: Conv2dSpec = { ...base, n: 1, h: 1, w: 1, c: 1, o: 1 };
    const w = new Float32Array(9).fill(Infinity);
    w[4] = 3;
    expect((await run('conv2d', spec, { x: [2], w })).y).toEqual(Float32Array.of(6));
  });
});

describe('gemm', () => {
  const shapes = [
    [1, 1, 1, 1],
    [1, 3, 5, 40],
    [2, 4, 8, 33],
    [1, 2, 3, 0],
    [1, 0, 2, 3],
    [0, 1, 1, 1],
    [1, 3, 0, 2],
  ] as const;
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      it(`sums in float32 over ascending k, A ${transposeA ? 'transposed' : 'as it is'}, B ${transposeB ? 'transposed' : 'as it is'}`, async () => {
        const next = random(21);
        for (const [batch, m, n, k] of shapes) {
          for (const extra of [{ bias: false }, { bias: true, clamp: [-2, 50] }] as const) {
            const spec: GemmSpec = { batch, m, n, k, transposeA, transposeB, ...extra };
            const a = randomFloats(next, batch * m * k);
            const b = randomFloats(next, batch * k * n);
            const bias = randomFloats(next, n);
            const expected = Array.from({ length: batch * m * n }, (_, at) => {
              const [p, i, j] = [Math.floor(at / (m * n)), Math.floor(at / n) % m, at % n];
              const terms = Array.from({ length: k }, (_unused, l): [number, number] => [
                a[transposeA ? (p * k + l) * m + i : (p * m + i) * k + l]!,
                b[transposeB ? (p * n + j) * k + l : (p * k + l) * n + j]!,
              ]);
              return sum32(terms, extra.bias ? bias[j] : 0, spec.clamp);
            });
            expect(Array.from((await run('gemm', spec, { a, b, bias })).y!)).toEqual(expected);
          }
        }
      });
    }
  }

  it('rounds each product before it is added: no fused multiply-add', async () => {
    const a = [1 + 2 ** -12, -1];
    const b = [1 + 2 ** -12, 1 + 2 ** -11];
    const spec: GemmSpec = { batch: 1, m: 1, n: 1, k: 2, transposeA: false, transposeB: true, bias: false };
    expect((await run('gemm', spec, { a, b })).y).toEqual(Float32Array.of(0));
  });

  it('keeps NaN through a clamp', async () => {
    const spec: GemmSpec = {
      batch: 1,
      m: 1,
      n: 1,
      k: 1,
      transposeA: false,
      transposeB: true,
      bias: false,
      clamp: [0, 6],
    };
    expect((await run('gemm', spec, { a: [NaN], b: [1] })).y).toEqual(Float32Array.of(NaN));
  });
});
