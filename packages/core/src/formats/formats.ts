import type { ArrayOf, DType } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import { exponentOf, powerOfTwo } from '../numerics/power-of-two.ts';
import { type MiniFloatName, miniFloats } from './float-formats.ts';
import { decodeFloat, encodeFloat, type EncodeOptions } from './minifloat.ts';
import { packCodes, unpackCodes } from './packed-codes.ts';

/** Element types that are stored and not computed on, by ONNX's names; `bit1` is 1 for -1 and 0 for +1. */
export type FormatName =
  | MiniFloatName
  | 'float8e8m0'
  | 'float64'
  | 'int4'
  | 'uint4'
  | 'int2'
  | 'uint2'
  | 'bit1'
  | 'uint32'
  | 'uint64';

/** How elements of a format stand in bytes, little endian, and what they become in memory. */
export interface Format<D extends DType = DType> {
  readonly name: FormatName;
  readonly bits: number;
  /** What decoded elements are held in: each value exactly, but float64, which is rounded to float32. */
  readonly dtype: D;
  /**
   * The first `count` elements. Throws HT_INVALID_ARGUMENT where the bytes are too few, and for a uint64 of 2^63 or more,
   * which no dtype holds.
   */
  decode(bytes: Uint8Array, count: number): ArrayOf[D];
  /**
   * Bytes of elements. Floats round to nearest, ties to even; float8e8m0, which has powers of two alone, upward on ties,
   * and what is not above 0 is its NaN. Throws HT_INVALID_ARGUMENT for an integer that the format does not hold.
   * `saturate` is of floats beyond the range: by default true, as ONNX Cast, and false for float16 and bfloat16.
   */
  encode(values: ArrayLike<number | bigint>, options?: EncodeOptions): Uint8Array;
}

function requireBytes(name: FormatName, bytes: Uint8Array, count: number, bits: number): void {
  const needed = Math.ceil((count * bits) / 8);
  if (bytes.length >= needed) return;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `${count} elements of ${name} need ${needed} bytes, ${bytes.length} are there`,
    { format: name, needed, bytes: bytes.length },
  );
}

/** Codes of a format as integers, one an element. */
function codesOf(bytes: Uint8Array, count: number, bits: number): ArrayLike<number> {
  if (bits === 4) return unpackCodes(bytes, count, 4, false);
  if (bits === 8) return bytes.subarray(0, count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: count }, (_, i) => view.getUint16(2 * i, true));
}

function bytesOf(codes: readonly number[], bits: number): Uint8Array {
  if (bits === 4) return packCodes(codes, 4);
  if (bits === 8) return Uint8Array.from(codes);
  const bytes = new Uint8Array(2 * codes.length);
  const view = new DataView(bytes.buffer);
  codes.forEach((code, i) => view.setUint16(2 * i, code, true));
  return bytes;
}

function miniFloat(name: MiniFloatName, saturates: boolean): Format<'float32'> {
  const parameters = miniFloats[name];
  const { bits } = parameters;
  return {
    name,
    bits,
    dtype: 'float32',
    decode(bytes, count) {
      requireBytes(name, bytes, count, bits);
      return Float32Array.from(codesOf(bytes, count, bits), (code) => decodeFloat(parameters, code));
    },
    encode(values, { saturate = saturates } = {}) {
      return bytesOf(
        Array.from(values, (value) => encodeFloat(parameters, Number(value), saturate)),
        bits,
      );
    },
  };
}

const E8M0_NAN = 0xff;

const e8m0: Format<'float32'> = {
  name: 'float8e8m0',
  bits: 8,
  dtype: 'float32',
  decode(bytes, count) {
    requireBytes('float8e8m0', bytes, count, 8);
    return Float32Array.from(bytes.subarray(0, count), (code) =>
      code === E8M0_NAN ? NaN : powerOfTwo(code - 127),
    );
  },
  encode: (values, { saturate = true } = {}) =>
    Uint8Array.from(Array.from(values, Number), (value) => {
      if (!(value > 0)) return E8M0_NAN;
      if (value === Infinity) return saturate ? E8M0_NAN - 1 : E8M0_NAN;
      const exponent = exponentOf(value);
      const code = exponent + (value >= 1.5 * powerOfTwo(exponent) ? 1 : 0) + 127;
      if (code >= E8M0_NAN) return saturate ? E8M0_NAN - 1 : E8M0_NAN;
      return Math.max(code, 0);
    }),
};

function refuseInteger(name: FormatName, value: number | bigint): never {
  throw new HalftoneError('HT_INVALID_ARGUMENT', `${value} is no ${name}`, {
    format: name,
    value: String(value),
  });
}

function smallIntegers<D extends 'int8' | 'uint8'>(name: FormatName, bits: 1 | 2 | 4, dtype: D): Format<D> {
  const signed = dtype === 'int8';
  const [lo, hi] = signed ? [-(1 << (bits - 1)), (1 << (bits - 1)) - 1] : [0, (1 << bits) - 1];
  return {
    name,
    bits,
    dtype,
    decode(bytes, count) {
      requireBytes(name, bytes, count, bits);
      return unpackCodes(bytes, count, bits, signed) as ArrayOf[D];
    },
    encode: (values) =>
      packCodes(
        Array.from(values, (value) => {
          const code = Number(value);
          return Number.isInteger(code) && code >= lo && code <= hi ? code : refuseInteger(name, value);
        }),
        bits,
      ),
  };
}

const bit1: Format<'int8'> = {
  name: 'bit1',
  bits: 1,
  dtype: 'int8',
  decode(bytes, count) {
    requireBytes('bit1', bytes, count, 1);
    return Int8Array.from(unpackCodes(bytes, count, 1, false), (bit) => 1 - 2 * bit);
  },
  encode: (values) =>
    packCodes(
      Array.from(values, (value) =>
        Number(value) === -1 ? 1 : Number(value) === 1 ? 0 : refuseInteger('bit1', value),
      ),
      1,
    ),
};

const float64: Format<'float32'> = {
  name: 'float64',
  bits: 64,
  dtype: 'float32',
  decode(bytes, count) {
    requireBytes('float64', bytes, count, 64);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Float32Array.from({ length: count }, (_, i) => view.getFloat64(8 * i, true));
  },
  encode(values) {
    const bytes = new Uint8Array(8 * values.length);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, Number(values[i]), true);
    return bytes;
  },
};

function unsigned(name: 'uint32' | 'uint64'): Format<'int64'> {
  const size = name === 'uint32' ? 4 : 8;
  return {
    name,
    bits: 8 * size,
    dtype: 'int64',
    decode(bytes, count) {
      requireBytes(name, bytes, count, 8 * size);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return BigInt64Array.from({ length: count }, (_, i) => {
        if (size === 4) return BigInt(view.getUint32(4 * i, true));
        const value = view.getBigInt64(8 * i, true);
        return value >= 0n ? value : refuseInteger(name, BigInt.asUintN(64, value));
      });
    },
    encode(values) {
      const bytes = new Uint8Array(size * values.length);
      const view = new DataView(bytes.buffer);
      for (let i = 0; i < values.length; i++) {
        const given = values[i]!;
        const whole =
          typeof given === 'bigint' || Number.isInteger(given) ? BigInt(given) : refuseInteger(name, given);
        if (whole !== BigInt.asUintN(8 * size, whole)) refuseInteger(name, given);
        if (size === 4) view.setUint32(4 * i, Number(whole), true);
        else view.setBigUint64(8 * i, whole, true);
      }
      return bytes;
    },
  };
}

type DecodedAs<F extends FormatName> = F extends MiniFloatName | 'float8e8m0' | 'float64'
  ? 'float32'
  : F extends 'uint32' | 'uint64'
    ? 'int64'
    : F extends 'uint4' | 'uint2'
      ? 'uint8'
      : 'int8';

/** The formats that are stored and not computed on. */
export const formats: { readonly [F in FormatName]: Format<DecodedAs<F>> } = {
  float16: miniFloat('float16', false),
  bfloat16: miniFloat('bfloat16', false),
  float8e4m3fn: miniFloat('float8e4m3fn', true),
  float8e4m3fnuz: miniFloat('float8e4m3fnuz', true),
  float8e5m2: miniFloat('float8e5m2', true),
  float8e5m2fnuz: miniFloat('float8e5m2fnuz', true),
  float8e8m0: e8m0,
  float4e2m1: miniFloat('float4e2m1', true),
  float64,
  int4: smallIntegers('int4', 4, 'int8'),
  uint4: smallIntegers('uint4', 4, 'uint8'),
  int2: smallIntegers('int2', 2, 'int8'),
  uint2: smallIntegers('uint2', 2, 'uint8'),
  bit1,
  uint32: unsigned('uint32'),
  uint64: unsigned('uint64'),
};

/** True for the name of a format that is stored and not computed on. */
export function isFormat(name: unknown): name is FormatName {
  return typeof name === 'string' && Object.hasOwn(formats, name);
}
