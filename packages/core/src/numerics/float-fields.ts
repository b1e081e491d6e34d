import { HalftoneError } from '../errors.ts';
import { exponentOf, powerOfTwo } from './power-of-two.ts';
import { roundHalfEven } from './round.ts';

/** Formats of IEEE 754 binary interchange, and bfloat16, which is the upper half of float32. */
export type FloatFormat = 'float64' | 'float32' | 'float16' | 'bfloat16';

/** What a floating-point number is made of: `value = (-1)^sign * significand * 2^power`. */
export interface FloatFields {
  readonly format: FloatFormat;
  /** 1 for negative numbers, -0 included. */
  readonly sign: 0 | 1;
  /** The exponent field as stored, with the bias; all ones for infinities and NaN. */
  readonly exponent: number;
  /** The fraction field as stored, an integer. */
  readonly fraction: number;
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  readonly class: 'normal' | 'subnormal' | 'zero' | 'infinite' | 'nan';
  /** 1 to below 2 for normal numbers (their normal form), below 1 for subnormal ones; NaN where there is none. */
  readonly significand: number;
  /** `exponent - bias`, or `1 - bias` for zero and subnormal numbers; NaN where there is none. */
  readonly power: number;
  readonly value: number;
  /** All bits as hexadecimal digits. */
  readonly hex: string;
  /** The value spelled by its fields. */
  readonly formula: string;
}

const widths: { readonly [F in FloatFormat]: readonly [exponentBits: number, fractionBits: number] } = {
  float64: [11, 52],
  float32: [8, 23],
  float16: [5, 10],
  bfloat16: [8, 7],
};

/**
 * Takes a number apart. A value is rounded to the format first, ties to even, and becomes infinite beyond its range;
 * `{ bits }` reads stored bits instead (a bigint where a number is not wide enough), NaN with its payload.
 * Default format: float32. Throws HT_INVALID_ARGUMENT for an unknown format and bits that it does not have.
 * IEEE 754-2019, 3.4.
 */
export function floatFields(
  value: number | { readonly bits: number | bigint },
  format: FloatFormat = 'float32',
): FloatFields {
  if (!Object.hasOwn(widths, format)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown format ${String(format)}; one of ${Object.keys(widths).join(', ')} is needed`,
      { format },
    );
  }
  const [exponentBits, fractionBits] = widths[format];
  const stored =
    typeof value === 'object'
      ? split(value.bits, exponentBits, fractionBits)
      : encode(value, exponentBits, fractionBits);
  return describe(format, stored, exponentBits, fractionBits);
}

type Stored = Pick<FloatFields, 'sign' | 'exponent' | 'fraction'>;

function split(bits: number | bigint, exponentBits: number, fractionBits: number): Stored {
  const width = 1 + exponentBits + fractionBits;
  if (typeof bits === 'number' && !Number.isSafeInteger(bits)) throw badBits(bits, width);
  const all = BigInt(bits);
  if (all < 0n || all >> BigInt(width) !== 0n) throw badBits(bits, width);
  const upper = Number(all >> BigInt(fractionBits));
  const exponents = powerOfTwo(exponentBits);
  return {
    sign: upper >= exponents ? 1 : 0,
    exponent: upper % exponents,
    fraction: Number(BigInt.asUintN(fractionBits, all)),
  };
}

function badBits(bits: number | bigint, width: number): HalftoneError {
  return new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `bits ${bits}: an unsigned integer of ${width} bits is needed, a bigint where it passes 2^53`,
    { bits: String(bits) },
  );
}

function encode(value: number, exponentBits: number, fractionBits: number): Stored {
  const ones = powerOfTwo(exponentBits) - 1;
  const bias = powerOfTwo(exponentBits - 1) - 1;
  if (Number.isNaN(value)) return { sign: 0, exponent: ones, fraction: powerOfTwo(fractionBits - 1) };
  const sign = value < 0 || Object.is(value, -0) ? 1 : 0;
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return { sign, exponent: ones, fraction: 0 };
  const power = magnitude === 0 ? 1 - bias : Math.max(exponentOf(magnitude), 1 - bias);
  // Two factors, for one alone may leave f64; both products are exact.
  const steps = roundHalfEven(magnitude * powerOfTwo(-power) * powerOfTwo(fractionBits));
  const whole = powerOfTwo(fractionBits);
  // Counted from the subnormal numbers, steps run on into the exponent field, also where rounding reached the next power.
  const exponent = power + bias - 1 + Math.floor(steps / whole);
  return exponent >= ones
    ? { sign, exponent: ones, fraction: 0 }
    : { sign, exponent, fraction: steps % whole };
}

function describe(
  format: FloatFormat,
  { sign, exponent, fraction }: Stored,
  exponentBits: number,
  fractionBits: number,
): FloatFields {
  const ones = powerOfTwo(exponentBits) - 1;
  const bias = powerOfTwo(exponentBits - 1) - 1;
  const digits = (1 + exponentBits + fractionBits) / 4;
  const upper = BigInt(sign) * BigInt(ones + 1) + BigInt(exponent);
  const bits = (upper << BigInt(fractionBits)) + BigInt(fraction);
  const fields = { format, sign, exponent, fraction, exponentBits, fractionBits, bias };
  const hex = `0x${bits.toString(16).padStart(digits, '0')}`;
  const minus = sign === 1 ? '-' : '';
  if (exponent === ones) {
    const special = { significand: NaN, power: NaN, hex };
    return fraction === 0
      ? {
          ...fields,
          ...special,
          class: 'infinite',
          value: sign ? -Infinity : Infinity,
          formula: `${minus}Infinity`,
        }
      : { ...fields, ...special, class: 'nan', value: NaN, formula: 'NaN' };
  }
  const subnormal = exponent === 0;
  const significand = (subnormal ? 0 : 1) + fraction / powerOfTwo(fractionBits);
  const power = subnormal ? 1 - bias : exponent - bias;
  const value = (sign ? -significand : significand) * powerOfTwo(power);
  const kind = !subnormal ? 'normal' : fraction === 0 ? 'zero' : 'subnormal';
  return {
    ...fields,
    class: kind,
    significand,
    power,
    value,
    hex,
    formula: `(-1)^${sign} * ${significand} * 2^(${subnormal ? 1 : exponent} - ${bias})`,
  };
}
