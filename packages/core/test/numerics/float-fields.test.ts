import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { floatFields } from '../../src/numerics/float-fields.ts';

const refused = (run: () => unknown) =>
  expect(run).toThrow(expect.toSatisfy((e) => isHalftoneError(e, 'HT_INVALID_ARGUMENT')));

describe('floatFields', () => {
  test('the fields of 6.0', () => {
    expect(floatFields({ bits: 0x40c00000 })).toEqual({
      format: 'float32',
      sign: 0,
      exponent: 129,
      fraction: 0x400000,
      exponentBits: 8,
      fractionBits: 23,
      bias: 127,
      class: 'normal',
      significand: 1.5,
      power: 2,
      value: 6,
      hex: '0x40c00000',
      formula: '(-1)^0 * 1.5 * 2^(129 - 127)',
    });
    expect(floatFields(6)).toEqual(floatFields({ bits: 0x40c00000 }));
  });

  test('biases and widths', () => {
    const of = (format: 'float64' | 'float32' | 'float16' | 'bfloat16') => {
      const { bias, exponentBits, fractionBits } = floatFields(1, format);
      return [bias, exponentBits, fractionBits];
    };
    expect(of('float64')).toEqual([1023, 11, 52]);
    expect(of('float32')).toEqual([127, 8, 23]);
    expect(of('float16')).toEqual([15, 5, 10]);
    expect(of('bfloat16')).toEqual([127, 8, 7]);
  });

  // Bits by numpy 2.4.6 (float16, float32, float64) and ml_dtypes (bfloat16).
  test.each([
    [65504, 'float16', '0x7bff', 'normal'],
    [65519.99, 'float16', '0x7bff', 'normal'],
    [65520, 'float16', '0x7c00', 'infinite'],
    [2 ** -14, 'float16', '0x0400', 'normal'],
    [2 ** -24, 'float16', '0x0001', 'subnormal'],
    [2 ** -25, 'float16', '0x0000', 'zero'],
    [-0.1, 'float16', '0xae66', 'normal'],
    [2 ** -14 - 2 ** -26, 'float16', '0x0400', 'normal'],
    [3.14159, 'bfloat16', '0x4049', 'normal'],
    [-1e-40, 'bfloat16', '0x8001', 'subnormal'],
    [1e39, 'float32', '0x7f800000', 'infinite'],
    [-1e-45, 'float32', '0x80000001', 'subnormal'],
    [0.1, 'float32', '0x3dcccccd', 'normal'],
    [0.1, 'float64', '0x3fb999999999999a', 'normal'],
    [5e-324, 'float64', '0x0000000000000001', 'subnormal'],
    [Number.MAX_VALUE, 'float64', '0x7fefffffffffffff', 'normal'],
    [-0, 'float32', '0x80000000', 'zero'],
    [NaN, 'float32', '0x7fc00000', 'nan'],
    [-Infinity, 'float16', '0xfc00', 'infinite'],
  ] as const)('%d as %s has the bits %s', (value, format, hex, kind) => {
    const fields = floatFields(value, format);
    expect([fields.hex, fields.class]).toEqual([hex, kind]);
    expect(floatFields({ bits: BigInt(hex) }, format)).toEqual(fields);
  });

  test('agrees with the bits of typed arrays', () => {
    const words = new Uint32Array(1);
    const f32 = new Float32Array(words.buffer);
    const longs = new BigUint64Array(1);
    const f64 = new Float64Array(longs.buffer);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (x) => {
        f32[0] = x;
        expect(Number(floatFields(x).hex)).toBe(words[0]);
        expect(floatFields(x).value).toBe(f32[0]);
        f64[0] = x;
        expect(BigInt(floatFields(x, 'float64').hex)).toBe(longs[0]);
        expect(floatFields(x, 'float64').value).toBe(x);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (bits) => {
        words[0] = bits;
        const fields = floatFields({ bits });
        expect(fields.value).toBe(f32[0]);
        expect(Number(fields.hex)).toBe(bits);
      }),
      { numRuns: 500 },
    );
  });

  test('every float16 takes its own value back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const fields = floatFields({ bits }, 'float16');
      if (fields.class === 'nan') continue;
      if (Number(floatFields(fields.value, 'float16').hex) !== bits) expect(bits).toBe('equal');
    }
  });

  test('formula and special values', () => {
    expect(floatFields(2 ** -24, 'float16').formula).toBe('(-1)^0 * 0.0009765625 * 2^(1 - 15)');
    expect(floatFields(-Infinity)).toMatchObject({ formula: '-Infinity', significand: NaN, power: NaN });
    expect(floatFields({ bits: 0x7f800001 })).toMatchObject({ class: 'nan', fraction: 1, value: NaN });
  });

  test('refuses unknown formats and bits that do not fit', () => {
    refused(() => floatFields(1, 'float8' as never));
    refused(() => floatFields({ bits: 0x10000 }, 'float16'));
    refused(() => floatFields({ bits: -1 }));
    refused(() => floatFields({ bits: 1.5 }));
    refused(() => floatFields({ bits: 2 ** 53 }, 'float64'));
  });
});
