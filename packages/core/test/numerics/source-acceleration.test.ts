import { describe, expect, test } from 'vitest';
import { codeRange } from '../../src/dtype.ts';
import { floatFields } from '../../src/numerics/float-fields.ts';
import { quantizeTensor } from '../../src/numerics/quantize.ts';
import { requantizeTensor } from '../../src/numerics/requantize.ts';
import type { Rounding } from '../../src/numerics/round.ts';
import { tensor } from '../../src/tensor.ts';

describe('"How to accelerate and compress neural networks"', () => {
  const w = [-0.18120981, -0.2904384, 0.49722983, 0.22141714];
  const x = [0.77412377, 0.49299395];
  const by128 = (values: number[], rounding: Rounding): number[] => [
    ...quantizeTensor(tensor('float32', values), { scheme: 'symmetric-full', scale: 1 / 128, rounding }).codes
      .data,
  ];
  const product = (rounding: Rounding): number[] => {
    const [a, b, c, d] = by128(w, rounding) as [number, number, number, number];
    const [u, v] = by128(x, rounding) as [number, number];
    return [a * u + b * v, c * u + d * v];
  };

  test('ranges of int8 and uint8', () => {
    expect(codeRange('int8')).toEqual([-128, 127]);
    expect(codeRange('uint8')).toEqual([0, 255]);
  });

  test('fields of 16, 32 and 64 bits, and the ends of float16; bfloat16 is absent there', () => {
    const fields = (['float16', 'float32', 'float64', 'bfloat16'] as const).map((format) => {
      const { exponentBits, fractionBits } = floatFields(1, format);
      return [exponentBits, fractionBits];
    });
    expect(fields).toEqual([
      [5, 10],
      [8, 23],
      [11, 52],
      [8, 7],
    ]);
    const float16 = (bits: number) => floatFields({ bits }, 'float16');
    expect(float16(0x7bff).value).toBe(65504);
    expect(float16(0x0400)).toMatchObject({ value: 2 ** -14, class: 'normal' });
    expect(float16(0x0001)).toMatchObject({ value: 2 ** -24, class: 'subnormal' });
  });

  test('floor(128 x / a) gives 128 for x = a: it must saturate', () => {
    expect(by128([1, -1], 'floor')).toEqual([127, -128]);
  });

  test('the worked matrix is its floor; the other roundings differ', () => {
    expect(by128(w, 'floor')).toEqual([-24, -38, 63, 28]);
    expect(by128(w, 'trunc')).toEqual([-23, -37, 63, 28]);
    expect(by128(w, 'half-even')).toEqual([-23, -37, 64, 28]);
    expect(by128(x, 'floor')).toEqual([99, 63]);
  });

  test('its integer product lost a sign: -4770, as its own dequantized values show', () => {
    expect(product('floor')).toEqual([-4770, 8001]);
    expect(product('floor').map((v) => v / 16384)).toEqual([-0.2911376953125, 0.48834228515625]);
  });

  test('rounding is nearer to the float product than floor', () => {
    const real = [w[0]! * x[0]! + w[1]! * x[1]!, w[2]! * x[0]! + w[3]! * x[1]!] as const;
    expect(real[0]).toBeCloseTo(-0.2834632, 6);
    expect(real[1]).toBeCloseTo(0.49407474, 6);
    expect(product('half-even')).toEqual([-4608, 8100]);
    const errors = (rounding: Rounding) => product(rounding).map((v, i) => Math.abs(v / 16384 - real[i]!));
    const [round, floor] = [errors('half-even'), errors('floor')];
    expect(round[0]).toBeCloseTo(0.00221, 5);
    expect(round[1]).toBeCloseTo(0.00031, 4);
    expect(floor[0]).toBeCloseTo(0.00767, 5);
    expect(floor[1]).toBeCloseTo(0.00573, 5);
  });

  test('sums of int8 products need 32 bits, not 16', () => {
    const sums = [3 * 127 * 127, 2 * 128 * 128];
    expect([...Int16Array.from(sums)]).not.toEqual(sums);
    const scaled = requantizeTensor(tensor('int32', sums), { dtype: 'int8', multiplier: [1 / 512] });
    expect([...scaled.data]).toEqual([95, 64]);
  });
});
