import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CodeType, codeRange } from '../../src/dtype.ts';
import { isHalftoneError } from '../../src/errors.ts';
import {
  type QuantParams,
  type Scheme,
  chooseParams,
  dynamicParams,
  hasZeroPoint,
  schemeCodes,
} from '../../src/numerics/params.ts';
import { f32, ort } from './vectors.ts';

const fails = (code: 'HT_INVALID_ARGUMENT') => expect.toSatisfy((e) => isHalftoneError(e, code));
const flat = (p: QuantParams) => ({
  scale: [...p.scale],
  zeroPoint: p.zeroPoint && [...p.zeroPoint],
  axis: p.axis,
});

describe('schemeCodes', () => {
  test('ranges of each scheme', () => {
    expect(schemeCodes('int8', 'symmetric')).toEqual([-127, 127]);
    expect(schemeCodes('int8', 'symmetric-full')).toEqual([-128, 127]);
    expect(schemeCodes('int8', 'asymmetric')).toEqual([-128, 127]);
    expect(schemeCodes('uint8', 'symmetric')).toEqual([0, 255]);
    expect(schemeCodes('uint8', 'symmetric-unsigned')).toEqual([0, 255]);
    expect(schemeCodes('uint8', 'asymmetric')).toEqual([0, 255]);
    expect(schemeCodes('int8', 'fixed-point')).toEqual([-128, 127]);
    expect(schemeCodes('uint8', 'fixed-point')).toEqual([0, 255]);
  });

  test('reduced ranges fit 7 bits', () => {
    for (const scheme of ['symmetric', 'symmetric-full', 'asymmetric'] as const) {
      expect(schemeCodes('int8', scheme, true)).toEqual([-64, 64]);
    }
    for (const scheme of ['symmetric', 'symmetric-unsigned', 'asymmetric'] as const) {
      expect(schemeCodes('uint8', scheme, true)).toEqual([0, 127]);
    }
  });

  test('a scheme that the dtype cannot hold is refused, and so are unknown names', () => {
    const wrong: [CodeType, Scheme][] = [
      ['uint8', 'symmetric-full'],
      ['int8', 'symmetric-unsigned'],
      ['int32' as CodeType, 'symmetric'],
      ['int8', 'affine' as Scheme],
    ];
    for (const [dtype, scheme] of wrong)
      expect(() => schemeCodes(dtype, scheme)).toThrow(fails('HT_INVALID_ARGUMENT'));
  });
});

describe('chooseParams', () => {
  test(`equals ONNX Runtime's quantization tool on ${ort.params.length} ranges`, () => {
    for (const [min, max, dtype, scheme, reduceRange, scale, zero] of ort.params) {
      const p = chooseParams({ min, max }, { dtype, scheme, reduceRange });
      const place = JSON.stringify([min, max, dtype, scheme, reduceRange]);
      expect([p.scale[0], p.zeroPoint?.[0] ?? 0], place).toEqual([scale, zero]);
      expect(p.zeroPoint !== undefined, place).toBe(hasZeroPoint(dtype, scheme));
    }
  });

  test('symmetric-full divides by 128, symmetric-unsigned takes the largest value alone', () => {
    expect(flat(chooseParams({ min: -1, max: 0.5 }, { dtype: 'int8', scheme: 'symmetric-full' }))).toEqual({
      scale: [1 / 128],
      zeroPoint: undefined,
      axis: undefined,
    });
    expect(
      flat(chooseParams({ min: -100, max: 51 }, { dtype: 'uint8', scheme: 'symmetric-unsigned' })),
    ).toEqual({
      scale: f32([0.2]),
      zeroPoint: undefined,
      axis: undefined,
    });
    const reduced = chooseParams(
      { min: -100, max: 127 },
      { dtype: 'uint8', scheme: 'symmetric-unsigned', reduceRange: true },
    );
    expect([...reduced.scale]).toEqual([1]);
  });

  test.each([
    ['int8', -1, 0.5, -7],
    ['int8', -1, 1, -6],
    ['int8', 0, 127, 0],
    ['int8', 0, 127.5, 1],
    ['int8', -128, 0, 0],
    ['int8', -129, 0, 1],
    ['int8', -0.7, 0.3, -7],
    ['uint8', 0, 255, 0],
    ['uint8', -1000, 255.5, 1],
    ['uint8', 0, 1, -7],
    ['int8', -1e38, 3e38, 121],
    ['int8', -1.2e-36, 0, -126],
  ] as const)('fixed-point %s over [%d, %d] has the scale 2^%d, no zero point', (dtype, min, max, power) => {
    const p = chooseParams({ min, max }, { dtype, scheme: 'fixed-point' });
    expect([p.scale[0], p.zeroPoint]).toEqual([2 ** power, undefined]);
  });

  test('fixed-point keeps the rules of tiny ranges and of reduced codes', () => {
    const scale = (min: number, max: number, reduceRange = false) =>
      chooseParams({ min, max }, { dtype: 'int8', scheme: 'fixed-point', reduceRange }).scale[0];
    expect([scale(0, 0), scale(-1e-38, 1e-38)]).toEqual([1, 1]);
    expect([scale(-64, 64, true), scale(-64, 64.5, true)]).toEqual([1, 2]);
  });

  test('zero is made part of the range', () => {
    const high = chooseParams({ min: 2, max: 5.1 }, { dtype: 'uint8', scheme: 'asymmetric' });
    expect(flat(high)).toEqual({ scale: f32([Math.fround(5.1) / 255]), zeroPoint: [0], axis: undefined });
    const low = chooseParams({ min: -5.1, max: -2 }, { dtype: 'int8', scheme: 'asymmetric' });
    expect(flat(low)).toEqual({ scale: f32([Math.fround(5.1) / 255]), zeroPoint: [127], axis: undefined });
  });

  test('all-zero, tiny and absent ranges have scale 1 and zero point 0', () => {
    const dead = [
      { min: 0, max: 0 },
      { min: -0, max: 0 },
      { min: -1e-40, max: 1e-40 },
      { min: NaN, max: NaN },
    ];
    for (const range of dead) {
      for (const arithmetic of ['f32', 'f64'] as const) {
        expect(flat(chooseParams(range, { dtype: 'int8', scheme: 'asymmetric', arithmetic }))).toEqual({
          scale: [1],
          zeroPoint: [0],
          axis: undefined,
        });
      }
      expect(flat(chooseParams(range, { dtype: 'int8', scheme: 'symmetric' })).scale).toEqual([1]);
      expect(flat(chooseParams(range, { dtype: 'uint8', scheme: 'symmetric-unsigned' })).scale).toEqual([1]);
      expect(flat(chooseParams(range, { dtype: 'uint8', scheme: 'symmetric' })).zeroPoint).toEqual([0]);
    }
  });

  test('an end that is NaN counts as 0, the other is kept', () => {
    const p = chooseParams({ min: NaN, max: 255 }, { dtype: 'uint8', scheme: 'asymmetric' });
    expect(flat(p)).toEqual({ scale: [1], zeroPoint: [0], axis: undefined });
  });

  test('a list has one parameter each; the axis is told', () => {
    const ranges = [
      { min: -1, max: 1 },
      { min: 0, max: 0 },
      { min: -127, max: 3 },
    ];
    expect(flat(chooseParams(ranges, { dtype: 'int8', scheme: 'symmetric', axis: 2 }))).toEqual({
      scale: f32([1 / 127, 1, 1]),
      zeroPoint: undefined,
      axis: 2,
    });
    expect(chooseParams(ranges, { dtype: 'int8', scheme: 'symmetric' }).axis).toBe(0);
    expect(flat(chooseParams([], { dtype: 'int8', scheme: 'asymmetric' }))).toEqual({
      scale: [],
      zeroPoint: [],
      axis: 0,
    });
  });

  test('symmetric uint8 has one zero point of all channels, all-zero ones included', () => {
    const ranges = [
      { min: -1, max: 1 },
      { min: 0, max: 0 },
    ];
    expect(flat(chooseParams(ranges, { dtype: 'uint8', scheme: 'symmetric' }))).toEqual({
      scale: f32([2 / 255, 1]),
      zeroPoint: [128, 128],
      axis: 0,
    });
  });

  test('the widest float32 ranges have finite scales in f64', () => {
    const max = 3.4028234663852886e38;
    for (const scheme of ['symmetric', 'asymmetric'] as const) {
      const p = chooseParams({ min: -max, max }, { dtype: 'int8', scheme });
      expect(p.scale[0]).toBeGreaterThan(2.6e36);
      expect(p.scale[0]).toBeLessThan(2.7e36);
    }
  });

  test('infinite, reversed and overflowing ranges are refused', () => {
    const options = { dtype: 'int8', scheme: 'asymmetric' } as const;
    for (const range of [
      { min: -Infinity, max: 1 },
      { min: 0, max: Infinity },
      { min: 0, max: 1e39 },
      { min: 1, max: -1 },
    ]) {
      expect(() => chooseParams(range, options)).toThrow(fails('HT_INVALID_ARGUMENT'));
      expect(() => chooseParams([{ min: 0, max: 1 }, range], options)).toThrow(fails('HT_INVALID_ARGUMENT'));
    }
    const wide = { min: -3e38, max: 3e38 };
    expect(() => chooseParams(wide, { ...options, arithmetic: 'f32' })).toThrow(fails('HT_INVALID_ARGUMENT'));
    expect(() => chooseParams(wide, { ...options, arithmetic: 'f16' as 'f32' })).toThrow(
      fails('HT_INVALID_ARGUMENT'),
    );
  });

  test('zero is exact and the range is covered within a step, for every scheme', () => {
    const schemes: [CodeType, Scheme][] = [
      ['int8', 'symmetric'],
      ['int8', 'symmetric-full'],
      ['int8', 'asymmetric'],
      ['uint8', 'symmetric'],
      ['uint8', 'asymmetric'],
      ['int8', 'fixed-point'],
    ];
    const value = fc.float({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        value,
        value,
        fc.constantFrom(...schemes),
        fc.constantFrom('f32', 'f64'),
        (a, b, [dtype, scheme], arithmetic) => {
          const [min, max] = [Math.min(a, b), Math.max(a, b)];
          const p = chooseParams({ min, max }, { dtype, scheme, arithmetic });
          const [scale, zero] = [p.scale[0] as number, p.zeroPoint?.[0] ?? 0];
          const [low, high] = schemeCodes(dtype, scheme);
          expect(scale).toBeGreaterThan(0);
          expect(zero).toBeGreaterThanOrEqual(codeRange(dtype)[0]);
          expect(zero).toBeLessThanOrEqual(codeRange(dtype)[1]);
          const slack = scale * 1.001;
          expect((low - zero) * scale).toBeLessThanOrEqual(Math.min(min, 0) + slack);
          expect((high - zero) * scale).toBeGreaterThanOrEqual(Math.max(max, 0) - slack);
        },
      ),
    );
  });
});

describe('dynamicParams', () => {
  test(`equals DynamicQuantizeLinear of ONNX Runtime on ${ort.dynamic.length} ranges`, () => {
    for (const [min, max, scale, zero] of ort.dynamic) {
      expect(flat(dynamicParams(min, max))).toEqual({ scale: [scale], zeroPoint: [zero], axis: undefined });
    }
  });

  test('all-zero data have scale 1; NaN ends are skipped; a scale that underflows is not 0', () => {
    for (const [min, max] of [
      [0, 0],
      [NaN, NaN],
      [-1e-45, 0],
    ] as const) {
      expect(flat(dynamicParams(min, max))).toEqual({ scale: [1], zeroPoint: [0], axis: undefined });
    }
    expect(flat(dynamicParams(NaN, 2))).toEqual({ scale: f32([2 / 255]), zeroPoint: [0], axis: undefined });
  });

  test('a small scale is kept where the static rule would replace it', () => {
    expect(dynamicParams(-3e-38, 3e-38).scale[0]).toBe(2.3529342644324436e-40);
  });

  test('infinite and overflowing ranges are refused', () => {
    for (const [min, max] of [
      [-Infinity, 0],
      [0, Infinity],
      [-3e38, 3e38],
      [2, 1],
    ] as const) {
      expect(() => dynamicParams(min, max)).toThrow(fails('HT_INVALID_ARGUMENT'));
    }
  });
});
