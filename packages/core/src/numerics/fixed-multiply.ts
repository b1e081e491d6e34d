/*
 * Integers times a real multiplier, in integers: the pair of `fixedPoint.decompose`, multiplier * 2^(shift - 31). A product has 62 bits and is kept in two parts, high * 2^16 + low, each exact in f64; no float is ever rounded.
 * Sources: gemmlowp (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT), TensorFlow Lite and TOSA (single rounding).
 */
import { powerOfTwo } from './power-of-two.ts';

const TWO_16 = 65536;
const TWO_31 = 2147483648;

/** 2^0 .. 2^62. */
const POWERS: readonly number[] = Array.from({ length: 63 }, (_, n) => powerOfTwo(n));

/** How an integer is multiplied with a multiplier of fixed point; the name stands for the exact formula. */
export type FixedMode = 'tflite-double' | 'tflite-single' | 'shift-floor';

/** `x` times the multiplier, rounded as the mode says and saturated to int32. */
export type FixedMultiply = (x: number, multiplier: number, shift: number) => number;

/** The formula of each mode. Numerics 4.4. */
export const fixedMultiply: { readonly [M in FixedMode]: FixedMultiply } = {
  'tflite-double': multiplyDouble,
  'tflite-single': (x, multiplier, shift) => multiplyShift(x, multiplier, shift, true),
  'shift-floor': (x, multiplier, shift) => multiplyShift(x, multiplier, shift, false),
};

/** Two roundings: the high half of the doubled product, ties toward +infinity, then a shift, ties away from zero. */
function multiplyDouble(x: number, multiplier: number, shift: number): number {
  const shifted = shift > 0 ? saturate(x * POWERS[shift]!) : x;
  const high = doublingHigh(shifted, multiplier);
  return shift < 0 ? roundingShift(high, -shift) : high;
}

/** trunc((x * y + nudge) / 2^31), nudge 2^30 for products >= 0 and 1 - 2^30 for others. */
function doublingHigh(x: number, y: number): number {
  const magnitude = Math.abs(x);
  const nudge = x < 0 ? TWO_31 / 2 - 1 : TWO_31 / 2;
  const low = magnitude * (y % TWO_16) + nudge;
  const rounded = Math.floor((magnitude * Math.floor(y / TWO_16) + Math.floor(low / TWO_16)) / 32768);
  return x < 0 ? 0 - rounded : rounded;
}

function roundingShift(x: number, shift: number): number {
  const divisor = POWERS[shift]!;
  const floor = Math.floor(x / divisor);
  const rest = x - floor * divisor;
  const threshold = Math.floor((divisor - 1) / 2) + (x < 0 ? 1 : 0);
  return rest > threshold ? floor + 1 : floor;
}

/** (x * y + rounding) >> (31 - shift), where rounding is half of the last place that stays, or 0. */
function multiplyShift(x: number, y: number, shift: number, rounds: boolean): number {
  const places = 31 - shift;
  const high = x * Math.floor(y / TWO_16);
  const low = x * (y % TWO_16);
  const half = rounds && places > 0 ? POWERS[places - 1]! : 0;
  if (places >= 17) {
    // The rounding term has no bits below 2^16 here, so it belongs to the high part.
    return saturate(Math.floor((high + half / TWO_16 + Math.floor(low / TWO_16)) / POWERS[places - 16]!));
  }
  // So far to the left nothing but 0 and the smallest products stay inside int32: what f64 rounds here saturates.
  return saturate(Math.floor((high * TWO_16 + low + half) / POWERS[places]!));
}

function saturate(x: number): number {
  return x < -TWO_31 ? -TWO_31 : x > TWO_31 - 1 ? TWO_31 - 1 : x;
}
