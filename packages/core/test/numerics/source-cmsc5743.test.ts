import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { schemeCodes } from '../../src/numerics/params.ts';
import { type QuantizeOptions, dequantizeTensor, quantizeTensor } from '../../src/numerics/quantize.ts';
import { requantizeMultiplier, requantizeTensor } from '../../src/numerics/requantize.ts';
import { rounder } from '../../src/numerics/round.ts';
import { tensor } from '../../src/tensor.ts';

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((s, v, i) => s + v * b[i]!, 0);

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
