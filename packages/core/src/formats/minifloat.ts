// value = (-1)^sign * 2^(exponent - bias) * (1 + fraction / 2^fractionBits), subnormal where the exponent field is 0
import { exponentOf, powerOfTwo } from '../numerics/power-of-two.ts';
import { roundHalfEven } from '../numerics/round.ts';

/** A floating-point format of 16 bits or fewer. */
export interface MiniFloat {
  readonly bits: number;
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  /** Largest code of a finite value, the sign bit left out. */
  readonly maxCode: number;
  /** Code of +Infinity, where there is one. */
  readonly infinity?: number;
  /** Code that NaN becomes; in a format without one it becomes -0, and what is too large always saturates. */
  readonly nan?: number;
  /** The code of the sign bit alone is NaN, so there is no -0. */
  readonly unsignedZero?: true;
}

/** What becomes of values beyond the largest finite one. */
export interface EncodeOptions {
  /** They become the largest finite value of their sign; else infinity, or NaN where there is none. */
  readonly saturate?: boolean;
}

/** The value of a code. */
export function decodeFloat(format: MiniFloat, code: number): number {
  const { bits, fractionBits, bias } = format;
  const signBit = 1 << (bits - 1);
  const magnitude = code & (signBit - 1);
  const sign = code & signBit ? -1 : 1;
  if (magnitude > format.maxCode) return magnitude === format.infinity ? sign * Infinity : NaN;
  if (format.unsignedZero && code === signBit) return NaN;
  const field = magnitude >> fractionBits;
  const fraction = magnitude & ((1 << fractionBits) - 1);
  const significand = field === 0 ? fraction : fraction + (1 << fractionBits);
  return sign * significand * powerOfTwo(Math.max(field, 1) - bias - fractionBits);
}

/** The code of the nearest value, ties to even; an f64 is rounded once. */
export function encodeFloat(format: MiniFloat, value: number, saturate: boolean): number {
  const { bits, fractionBits, bias, maxCode } = format;
  if (Number.isNaN(value)) return format.nan ?? 1 << (bits - 1);
  const sign = value < 0 || Object.is(value, -0) ? 1 << (bits - 1) : 0;
  const magnitude = Math.abs(value);
  if (magnitude === Infinity) return overflow(format, sign, saturate);
  if (magnitude === 0) return format.unsignedZero ? 0 : sign;
  const exponent = Math.max(exponentOf(magnitude), 1 - bias);
  // Quotients by powers of two are exact; a carry out of the fraction moves on into the exponent field.
  const steps = roundHalfEven(magnitude * powerOfTwo(fractionBits - exponent));
  const code = (exponent + bias - 1) * powerOfTwo(fractionBits) + steps;
  if (code > maxCode) return overflow(format, sign, saturate);
  return code === 0 && format.unsignedZero ? 0 : sign | code;
}

function overflow(format: MiniFloat, sign: number, saturate: boolean): number {
  const { infinity, nan, maxCode } = format;
  if (saturate || (infinity === undefined && nan === undefined)) return sign | maxCode;
  // A NaN keeps the sign of what overflowed, but the fnuz formats have only one.
  return infinity === undefined ? (format.unsignedZero ? 0 : sign) | nan! : sign | infinity;
}
