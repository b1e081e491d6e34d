import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HalftoneErrorCode, isHalftoneError } from '../../src/errors.ts';
import { quantizeBias } from '../../src/numerics/bias.ts';
import { f32, ort, tool } from './vectors.ts';

const fails = (code: HalftoneErrorCode) => expect.toSatisfy((e) => isHalftoneError(e, code));

describe('quantizeBias', () => {
  test(`equals ONNX Runtime's quantization tool`, () => {
    let untouched = 0;
    for (const v of [...ort.bias, ...tool.bias]) {
      const got = quantizeBias(Float32Array.from(v.bias), v.inputScale, Float32Array.from(v.weightScale));
      const changed = v.weightScale.map((s, i) => (s === v.raisedScale[i] ? -1 : i)).filter((i) => i >= 0);
      expect(got.raised).toEqual(changed);
      expect([...got.weightScale]).toEqual(v.raisedScale);
      expect([...got.scale]).toEqual(v.scale);
      expect([...got.codes]).toEqual(v.codes.map((code) => code + 0));
      if (changed.length === 0) untouched++;
    }
    expect(untouched).toBeGreaterThan(2);
    expect(untouched).toBeLessThan(tool.bias.length);
  });

  test('scale is the float32 product, codes are rounded half to even', () => {
    const q = quantizeBias(Float32Array.of(1.25, -0.75, 0.125), 0.5, Float32Array.of(1, 1, 0.5));
    expect([...q.codes]).toEqual([2, -2, 0]);
    expect([...q.scale]).toEqual([0.5, 0.5, 0.25]);
    expect(q.raised).toEqual([]);
    const [sx, sw] = f32([0.1, 0.3]) as [number, number];
    expect([...quantizeBias(Float32Array.of(1), sx, Float32Array.of(sw)).scale]).toEqual([
      Math.fround(sx * sw),
    ]);
  });

  test('the quotient is not rounded to float32', () => {
    const q = quantizeBias(Float32Array.of(3e7 / 3), 1, Float32Array.of(Math.fround(0.1)));
    expect(q.codes[0]).toBe(Math.floor(1e7 / Math.fround(0.1) + 0.5));
    expect(Math.fround(q.codes[0] as number)).not.toBe(q.codes[0]);
  });

  test('one weight scale serves all channels and is raised by the largest bias', () => {
    const q = quantizeBias(Float32Array.of(1, -1000, 3), 1e-6, Float32Array.of(1e-6));
    expect(q.raised).toEqual([0]);
    expect(q.scale.length).toBe(1);
    expect(q.codes[1]).toBeLessThan(-2147200000);
    expect(q.codes[1]).toBeGreaterThan(-2147483648);
    expect(Math.abs((q.codes[0] as number) * (q.scale[0] as number) - 1)).toBeLessThan(1e-6);
  });

  test('only the channels that need it are raised; the input is not changed', () => {
    const weights = Float32Array.of(1e-6, 1e-6, 1);
    const q = quantizeBias(Float32Array.of(0, 1, 1e6), 1e-6, weights);
    expect(q.raised).toEqual([1, 2]);
    expect(q.weightScale[0]).toBe(weights[0]);
    expect(q.codes[0]).toBe(0);
    expect([...weights]).toEqual(f32([1e-6, 1e-6, 1]));
    expect(q.weightScale[1]).toBeCloseTo((1.0001 * 2) / (2 ** 32 - 2) / 1e-6, 9);
  });

  test('a step that underflows float32 is raised, a bias of 0 included', () => {
    const q = quantizeBias(Float32Array.of(0), 1e-30, Float32Array.of(1e-30));
    expect(q.raised).toEqual([0]);
    expect([q.codes[0], (q.scale[0] as number) > 0]).toEqual([0, true]);
  });

  test('codes stay in int32 and mean the bias', () => {
    const step = fc.float({ min: Math.fround(1e-9), max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.float({ min: -1e6, max: 1e6, noNaN: true }), step, step, (b, sx, sw) => {
        const q = quantizeBias(Float32Array.of(b), sx, Float32Array.of(sw));
        const scale = q.scale[0] as number;
        expect(Math.abs((q.codes[0] as number) * scale - b)).toBeLessThanOrEqual(scale * 0.50001);
        expect(q.raised.length === 0).toBe(q.weightScale[0] === sw);
      }),
    );
  });

  test('refuses other lengths, scales out of their domain and a bias that is not finite', () => {
    const [b, w] = [Float32Array.of(1, 2), Float32Array.of(1, 1)];
    expect(() => quantizeBias(b, 1, Float32Array.of(1, 1, 1))).toThrow(fails('HT_SHAPE_MISMATCH'));
    for (const bad of [0, -1, NaN, Infinity, 1e-60]) {
      expect(() => quantizeBias(b, bad, w)).toThrow(fails('HT_INVALID_ARGUMENT'));
      expect(() => quantizeBias(b, 1, Float32Array.of(1, bad))).toThrow(fails('HT_INVALID_ARGUMENT'));
    }
    for (const bad of [NaN, Infinity, -Infinity]) {
      expect(() => quantizeBias(Float32Array.of(1, bad), 1, w)).toThrow(fails('HT_INVALID_ARGUMENT'));
      expect(() => quantizeBias(Float32Array.of(1, bad), 1, Float32Array.of(1))).toThrow(
        fails('HT_INVALID_ARGUMENT'),
      );
    }
    expect(() => quantizeBias(Float32Array.of(3e38), 1e-38, Float32Array.of(1))).toThrow(
      fails('HT_INVALID_ARGUMENT'),
    );
  });
});
