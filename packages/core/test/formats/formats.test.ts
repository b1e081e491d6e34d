import { describe, expect, it, test } from 'vitest';
import { isHalftoneError } from '../../src/errors.ts';
import { type FormatName, formats, isFormat } from '../../src/formats/formats.ts';
import { readVectors } from '../numerics/vectors.ts';

type Printed = number | string;
interface Row {
  readonly x: readonly Printed[];
  readonly codes: readonly number[];
  readonly saturated?: readonly number[];
  readonly decoded: readonly Printed[];
}

const vectors = readVectors<Readonly<Record<string, Row>>>('format-vectors.json');
const number = (value: Printed): number =>
  value === 'inf' ? Infinity : value === '-inf' ? -Infinity : Number(value);
const floats = [
  'float16',
  'bfloat16',
  'float8e4m3fn',
  'float8e4m3fnuz',
  'float8e5m2',
  'float8e5m2fnuz',
  'float8e8m0',
  'float4e2m1',
] as const satisfies readonly FormatName[];

/** Bytes of all codes of a format of 1 to 16 bits, in ascending order. */
function allCodes(bits: number): Uint8Array {
  if (bits === 16) return new Uint8Array(Uint16Array.from({ length: 65536 }, (_, i) => i).buffer);
  const perByte = 8 / bits;
  return Uint8Array.from({ length: Math.max((1 << bits) / perByte, 1) }, (_, byte) => {
    let packed = 0;
    for (let i = 0; i < perByte; i++) packed |= ((byte * perByte + i) & ((1 << bits) - 1)) << (i * bits);
    return packed;
  });
}

/** Codes of stored bytes, one an element. */
function codesOf(bytes: Uint8Array, bits: number, count: number): number[] {
  if (bits === 16) return Array.from(new Uint16Array(bytes.slice().buffer));
  const perByte = 8 / bits;
  return Array.from(
    { length: count },
    (_, i) => (bytes[Math.floor(i / perByte)]! >> ((i % perByte) * bits)) & ((1 << bits) - 1),
  );
}

describe.each(floats)('%s', (name) => {
  const format = formats[name];
  const { x, codes, decoded } = vectors[name]!;
  const count = 1 << format.bits;

  it('decodes as ml_dtypes and NumPy', () => {
    const all = format.decode(allCodes(format.bits), count) as Float32Array;
    const step = format.bits === 16 ? 1009 : 1;
    expect(decoded.map(number)).toEqual(Array.from(decoded, (_, i) => all[i * step]));
  });

  it('encodes as ml_dtypes and NumPy: ties, subnormals, overflow, NaN, both zeros', () => {
    const bytes = format.encode(x.map(number), { saturate: false });
    const got = codesOf(bytes, format.bits, x.length);
    got.forEach((code, i) => {
      // The sign and the payload of a NaN are nobody's.
      const isNaNCode = (c: number): boolean =>
        Number.isNaN(Number(format.decode(codeBytes(c, format.bits), 1)[0]));
      if (Number.isNaN(number(x[i]!)) && isNaNCode(code) && isNaNCode(codes[i]!)) return;
      expect(code, `${x[i]}`).toBe(codes[i]);
    });
  });

  it('gives every code back, NaN aside', () => {
    const all = allCodes(format.bits);
    const values = format.decode(all, count);
    const back = codesOf(format.encode(values as Float32Array, { saturate: false }), format.bits, count);
    codesOf(all, format.bits, count).forEach((code, i) => {
      if (Number.isNaN(Number(values[i])))
        expect(Number(format.decode(codeBytes(back[i]!, format.bits), 1)[0])).toBeNaN();
      else expect(back[i]).toBe(code);
    });
  });
});

test.each(floats.filter((name) => vectors[name]!.saturated))(
  '%s saturates as ONNX’s Cast, by default',
  (name) => {
    const { x, saturated } = vectors[name]!;
    const got = codesOf(formats[name].encode(x.map(number)), formats[name].bits, x.length);
    got.forEach((code, i) => expect(code, `${x[i]}`).toBe(saturated![i]));
  },
);

function codeBytes(code: number, bits: number): Uint8Array {
  return bits === 16 ? Uint8Array.of(code & 255, code >> 8) : Uint8Array.of(code);
}

test('an f64 is rounded once: just above a tie goes up, where two roundings would go to even', () => {
  const above = 1 + 2 ** -11 + 2 ** -40;
  expect(formats.float16.decode(formats.float16.encode([above]), 1)[0]).toBe(1 + 2 ** -10);
  expect(formats.float16.decode(formats.float16.encode([Math.fround(above)]), 1)[0]).toBe(1);
});

test('float16 goes to infinity beyond its range, or saturates where asked', () => {
  const of = (x: number, saturate?: boolean): unknown =>
    formats.float16.decode(formats.float16.encode([x], saturate === undefined ? {} : { saturate }), 1)[0];
  expect([of(65519), of(65520), of(-1e9), of(65520, true), of(-Infinity, true)]).toEqual([
    65504,
    Infinity,
    -Infinity,
    65504,
    -65504,
  ]);
});

describe('integers of few bits', () => {
  test.each([
    ['int4', [-8, -1, 0, 7, 3], [0xf8, 0x70, 0x03]],
    ['uint4', [15, 1, 8], [0x1f, 0x08]],
    ['int2', [-2, -1, 0, 1, 1], [0b01001110, 0b01]],
    ['uint2', [0, 1, 2, 3, 3], [0b11100100, 0b11]],
    ['bit1', [-1, 1, 1, -1, 1, 1, 1, 1, -1], [0b00001001, 0b1]],
  ] as const)('%s stands low bits first, the last byte filled with 0', (name, values, bytes) => {
    expect(Array.from(formats[name].encode(values))).toEqual(bytes);
    expect(Array.from(formats[name].decode(Uint8Array.from(bytes), values.length), Number)).toEqual(values);
  });

  test.each(['int4', 'uint4', 'int2', 'uint2', 'bit1'] as const)('%s gives every code back', (name) => {
    const { bits } = formats[name];
    const all = allCodes(bits);
    const count = Math.max(1 << bits, 8 / bits);
    expect(formats[name].encode(formats[name].decode(all, count) as Int8Array)).toEqual(all);
  });

  test.each([
    ['int4', 8],
    ['int4', -9],
    ['uint4', -1],
    ['uint2', 4],
    ['int2', 0.5],
    ['bit1', 0],
    ['uint4', NaN],
  ] as const)('%s refuses %d', (name, value) => {
    expect(() => formats[name].encode([value])).toThrow(
      expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' }),
    );
  });
});

describe('wide numbers', () => {
  it('float64 is rounded to float32 when read', () => {
    const bytes = formats.float64.encode([0.1, -1e300, NaN]);
    expect(new Float64Array(bytes.buffer)).toEqual(Float64Array.of(0.1, -1e300, NaN));
    expect(formats.float64.decode(bytes, 3)).toEqual(Float32Array.of(Math.fround(0.1), -Infinity, NaN));
  });

  it('unsigned integers are int64, and those past it are refused', () => {
    expect(formats.uint32.decode(formats.uint32.encode([4294967295, 7n]), 2)).toEqual(
      BigInt64Array.of(4294967295n, 7n),
    );
    const bytes = formats.uint64.encode([2n ** 63n - 1n, 2n ** 64n - 1n]);
    expect(formats.uint64.decode(bytes, 1)).toEqual(BigInt64Array.of(2n ** 63n - 1n));
    for (const act of [
      () => formats.uint64.decode(bytes, 2),
      () => formats.uint64.encode([-1n]),
      () => formats.uint64.encode([2n ** 64n]),
      () => formats.uint32.encode([2 ** 32]),
      () => formats.uint32.encode([1.5]),
    ])
      expect(act).toThrow(expect.toSatisfy((error) => isHalftoneError(error, 'HT_INVALID_ARGUMENT')));
  });
});

test('too few bytes are refused, in an unaligned view too', () => {
  for (const name of Object.keys(formats) as FormatName[]) {
    const needed = Math.ceil((3 * formats[name].bits) / 8);
    const view = new Uint8Array(needed + 1).subarray(1);
    expect(formats[name].decode(view, 3)).toHaveLength(3);
    expect(() => formats[name].decode(view.subarray(1), 3)).toThrow(
      expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' }),
    );
  }
});

test('isFormat knows the names', () => {
  expect([isFormat('float16'), isFormat('float32'), isFormat('toString')]).toEqual([true, false, false]);
});
