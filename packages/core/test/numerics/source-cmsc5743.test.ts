import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fixedPoint } from '../../src/numerics/fixed-point.ts';
import { floatFields } from '../../src/numerics/float-fields.ts';
import { fractionalLength } from '../../src/numerics/fractional-length.ts';
import { klDivergence } from '../../src/numerics/kl-divergence.ts';
import { schemeCodes } from '../../src/numerics/params.ts';
import { type QuantizeOptions, dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { fixedMultiply, type FixedMode } from '../../src/numerics/fixed-multiply.ts';
import { requantizeMultiplier, requantizeTensor } from '../../src/numerics/requantize.ts';
import { rounder } from '../../src/numerics/round.ts';
import { slopeBias } from '../../src/numerics/slope-bias.ts';
import { tensor } from '../../src/tensor.ts';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);

describe('CMSC5743 lecture 06, "Quantization": formats of numbers', () => {
  test('IEEE 754: biases, 0x40C00000 and -0.5', () => {
    const biases = (['float32', 'float64', 'float16'] as const).map((format) => floatFields(1, format).bias);
    expect(biases).toEqual([127, 1023, 15]);
    expect(floatFields({ bits: 0x40c00000 }).value).toBe(6);
    expect(floatFields(-0.5)).toMatchObject({
      hex: '0xbf000000',
      sign: 1,
      exponent: 0b01111110,
      fraction: 0,
    });
  });

  test('its formula has no subnormal numbers, infinities or NaN, which float16 needs', () => {
    expect(floatFields({ bits: 0x0001 }, 'float16')).toMatchObject({ class: 'subnormal', value: 2 ** -24 });
    expect(floatFields({ bits: 0x7c00 }, 'float16').value).toBe(Infinity);
    expect(floatFields({ bits: 0x7c01 }, 'float16').class).toBe('nan');
  });

  test('0.232e4, 2.32e3 and 2320 have one normal form', () => {
    const [a, b, c] = [0.232e4, 2.32e3, 2320].map((v) => floatFields(v));
    expect(a).toEqual(c);
    expect(b).toEqual(c);
    expect(c).toMatchObject({ significand: 1.1328125, power: 11, class: 'normal' });
  });

  test('tables of 3 bits: Qm.n, and slope and bias', () => {
    const values = (fractionBits: number) =>
      fixedPoint.table({ bits: 3, fractionBits, signed: false }).map(({ value }) => value);
    expect(values(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(values(2)).toEqual([0, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 1.75]);
    expect(values(-2)).toEqual([0, 4, 8, 12, 16, 20, 24, 28]);
    const format = { bits: 3, signed: false, slope: 1.5, bias: 10 };
    expect(slopeBias.table(format).map(({ value }) => value)).toEqual([
      10, 11.5, 13, 14.5, 16, 17.5, 19, 20.5,
    ]);
    // A real bias: the zero point would be -6.667.
    expect(slopeBias.zeroPoint(format)).toBeUndefined();
  });

  test('the fraction length that is nearest to a tensor', () => {
    const w = [0.0114, -0.0231, 0.0445, 0, 0, 0, -0.0409, -0.0435, -0.04];
    for (const [bits, fractionBits, error] of [
      [4, 7, 0.01245],
      [8, 11, 5.84375e-4],
      [16, 19, 3.2135e-6],
    ] as const) {
      const best = fractionalLength(w, { bits });
      expect(best.fractionBits).toBe(fractionBits);
      expect(best.error / error).toBeCloseTo(1, 6);
    }
  });

  test('divergence in nats, both ways', () => {
    expect(klDivergence([0.5, 0.5], [0.25, 0.75])).toBeCloseTo(0.143841, 6);
    expect(klDivergence([0.25, 0.75], [0.5, 0.5])).toBeCloseTo(0.130812, 6);
    expect(klDivergence([0.5, 0.5], [1, 0])).toBe(Infinity);
  });
});

describe('CMSC5743 lecture 06, "Quantization": linear quantization', () => {
  test('a product of two quantized vectors expands to four integer terms', () => {
    const vector = fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        const qa = quantizeTensor(tensor('float32', a), { dtype: 'uint8' });
        const qb = quantizeTensor(tensor('float32', b), { dtype: 'int8', scheme: 'asymmetric' });
        const [za, zb] = [qa.zeroPoint![0]!, qb.zeroPoint![0]!];
        const sum = (codes: ArrayLike<number>) => Array.from(codes).reduce((s, v) => s + v, 0);
        const expanded =
          dot(qa.codes.data, qb.codes.data) - za * sum(qb.codes.data) - zb * sum(qa.codes.data) + 5 * za * zb;
        const centred = dot(
          Array.from(qa.codes.data, (v) => v - za),
          Array.from(qb.codes.data, (v) => v - zb),
        );
        expect(expanded).toBe(centred);
        const reals = dot(dequantizeTensor(qa).data, dequantizeTensor(qb).data);
        expect(Math.abs(centred * qa.scale[0]! * qb.scale[0]! - reals)).toBeLessThan(1e-4);
      }),
    );
  });

  test('without bias only the product of the integers is left, one scale a tensor', () => {
    const a = quantizeTensor(tensor('float32', [1, -2, 3]));
    const b = quantizeTensor(tensor('float32', [4, 5, -6]));
    expect([a.zeroPoint, b.zeroPoint, a.scale.length]).toEqual([undefined, undefined, 1]);
    const reals = dot(dequantizeTensor(a).data, dequantizeTensor(b).data);
    expect(dot(a.codes.data, b.codes.data) * a.scale[0]! * b.scale[0]!).toBeCloseTo(reals, 5);
  });

  test('the restricted range leaves one of 256 codes', () => {
    const count = ([min, max]: readonly [number, number]) => max - min + 1;
    expect(count(schemeCodes('int8', 'symmetric'))).toBe(255);
    expect(count(schemeCodes('int8', 'symmetric-full'))).toBe(256);
  });

  describe('the bias of the full range: A = [-2.2, -1.1, 1.1, 2.2], B = [.5, .3, .3, .5], A B = 0', () => {
    const a = tensor('float32', [-2.2, -1.1, 1.1, 2.2]);
    const b = tensor('float32', [0.5, 0.3, 0.3, 0.5]);
    const pair = (options: QuantizeOptions) => {
      const [qa, qb] = [quantizeTensor(a, options), quantizeTensor(b, options)];
      const acc = dot(qa.codes.data, qb.codes.data);
      return { a: [...qa.codes.data], b: [...qb.codes.data], acc, real: acc * qa.scale[0]! * qb.scale[0]! };
    };

    test('full range', () => {
      const full = pair({ scheme: 'symmetric-full' });
      expect(full.a).toEqual([-128, -64, 64, 127]);
      expect(full.b).toEqual([127, 77, 77, 127]);
      expect(full.acc).toBe(-127);
      expect(full.real).toBeCloseTo(-0.00852661, 8);
    });

    test('restricted range, the default', () => {
      const restricted = pair({});
      expect(restricted.a).toEqual([-127, -64, 64, 127]);
      expect(restricted.b).toEqual([127, 76, 76, 127]);
      expect(restricted.acc).toBe(0);
    });

    test('the tie 63.5 shows a rounding that is not symmetric', () => {
      const up = pair({ rounding: 'half-up' });
      expect(up.a).toEqual([-127, -63, 64, 127]);
      expect(up.acc).toBe(76);
      expect(up.real).toBeCloseTo(0.005183, 6);
      expect(pair({ rounding: 'half-away' }).acc).toBe(0);
    });
  });

  describe('[[-1.54, .22], [-.26, .65]] * [.35, -.51] in the ranges [-2, 2] and [-1, 1]', () => {
    const m = tensor('float32', [-1.54, 0.22, -0.26, 0.65], [2, 2]);
    const v = tensor('float32', [0.35, -0.51]);
    const qm = quantizeTensor(m, { range: { min: -2, max: 2 } });
    const qv = quantizeTensor(v, { range: { min: -1, max: 1 } });
    const acc = [dot(qm.codes.data.slice(0, 2), qv.codes.data), dot(qm.codes.data.slice(2), qv.codes.data)];
    const exact = [-1.54 * 0.35 - 0.22 * 0.51, -0.26 * 0.35 - 0.65 * 0.51];

    test('the exact product, and how it prints', () => {
      expect(exact[0]).toBeCloseTo(-0.6512, 12);
      expect(exact[1]).toBeCloseTo(-0.4225, 12);
      expect(rounder('half-away')(-422.5)).toBe(-423);
      expect(rounder('half-even')(-422.5)).toBe(-422);
    });

    test('codes, accumulators and their reals', () => {
      expect([...qm.codes.data]).toEqual([-98, 14, -17, 41]);
      expect([...qv.codes.data]).toEqual([44, -65]);
      expect(acc).toEqual([-5222, -3413]);
      const reals = acc.map((x) => x * qm.scale[0]! * qv.scale[0]!);
      expect(reals[0]).toBeCloseTo(-0.6475293, 6);
      expect(reals[1]).toBeCloseTo(-0.4232128, 6);
    });

    test('in fixed point: the multiplier, and what each rounding makes of it', () => {
      const { multiplier, shift } = fixedPoint.decompose(127 / 3 / (63.5 * 127));
      expect([multiplier, shift]).toEqual([1442928645, -7]);
      const by = (mode: FixedMode) => acc.map((x) => fixedMultiply[mode](x, multiplier, shift));
      expect(by('tflite-double')).toEqual([-27, -18]);
      expect(by('tflite-single')).toEqual([-27, -18]);
      expect(by('shift-floor')).toEqual([-28, -18]);
    });

    test('requantized to [-3, 3]: neither a floor shift nor the exact product quantized', () => {
      const multiplier = requantizeMultiplier(qm.scale, qv.scale, Math.fround(3 / 127));
      expect(multiplier[0]).toBeCloseTo(0.005249343832, 9);
      const y = requantizeTensor(tensor('int32', acc), { dtype: 'int8', multiplier });
      expect([...y.data]).toEqual([-27, -18]);
      expect(Math.floor(acc[0]! * multiplier[0]!)).toBe(-28);
      const direct = quantizeTensor(tensor('float32', exact), { range: { min: -3, max: 3 } });
      expect([...direct.codes.data]).toEqual([-28, -18]);
    });
  });

  test('int8 weights never have the code without a counterpart, by default', () => {
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 30 }),
        (values) => {
          const { data } = quantizeTensor(tensor('float32', values)).codes;
          const negated = quantizeTensor(
            tensor(
              'float32',
              values.map((v) => -v),
            ),
          ).codes.data;
          data.forEach((code, i) => expect(code + negated[i]!).toBe(0));
        },
      ),
    );
  });
});
