import { describe, expect, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { slopeBias } from '../../src/numerics/slope-bias.ts';

const refused = (run: () => unknown) =>
  expect(run).toThrow(expect.toSatisfy((e) => isHalftoneError(e, 'HT_INVALID_ARGUMENT')));

describe('slopeBias', () => {
  const format = { bits: 3, signed: false, slope: 1.5, bias: 10 };

  test('every code and its real', () => {
    expect(slopeBias.table(format).map(({ value }) => value)).toEqual([
      10, 11.5, 13, 14.5, 16, 17.5, 19, 20.5,
    ]);
    expect(slopeBias.table({ ...format, signed: true })[0]).toEqual({ code: -4, value: 4 });
  });

  test('codes come back; between them ties go to even, beyond them they saturate', () => {
    for (const { code, value } of slopeBias.table(format)) {
      expect(slopeBias.quantize(value, format)).toBe(code);
      expect(slopeBias.dequantize(code, format)).toBe(value);
    }
    expect([10.75, 12.25, 9, 21, NaN, Infinity, -Infinity].map((y) => slopeBias.quantize(y, format))).toEqual(
      [0, 2, 0, 7, 0, 7, 0],
    );
    expect(slopeBias.quantize(12.9, { ...format, rounding: 'floor' })).toBe(1);
  });

  test('a zero point exists only where -bias / slope is a code', () => {
    expect(slopeBias.zeroPoint(format)).toBeUndefined();
    expect(slopeBias.zeroPoint({ ...format, slope: 2, bias: -10 })).toBe(5);
    expect(slopeBias.zeroPoint({ ...format, bias: 0 })).toBe(0);
    expect(Object.is(slopeBias.zeroPoint({ ...format, bias: -0 }), 0)).toBe(true);
    expect(slopeBias.zeroPoint({ ...format, bias: -12 })).toBeUndefined();
    expect(slopeBias.zeroPoint({ ...format, signed: true, slope: 2, bias: 8 })).toBe(-4);
    expect(0.3 / 0.1).not.toBe(3);
    expect(slopeBias.zeroPoint({ ...format, slope: 0.1, bias: -0.3 })).toBe(3);
    expect(slopeBias.zeroPoint({ ...format, slope: 0.1, bias: -0.3001 })).toBeUndefined();
    expect(slopeBias.zeroPoint({ ...format, slope: 1e-300, bias: 1e300 })).toBeUndefined();
  });

  test('refuses formats and codes that do not exist', () => {
    for (const slope of [0, -1, NaN, Infinity]) refused(() => slopeBias.table({ ...format, slope }));
    for (const bias of [NaN, Infinity]) refused(() => slopeBias.zeroPoint({ ...format, bias }));
    for (const bits of [0, 33]) refused(() => slopeBias.quantize(1, { ...format, bits }));
    for (const code of [-1, 8, 0.5]) refused(() => slopeBias.dequantize(code, format));
  });
});
