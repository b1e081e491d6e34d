/*
 * Integers times a real multiplier, in integers: the multiplier is multiplier * 2^(shift - 31), its mantissa an int32 of
 * 31 bits. A product has 62 bits and is kept in two parts, high * 2^16 + low, each exact in f64; no float is ever rounded.
 * Sources: gemmlowp (SaturatingRoundingDoublingHighMul, RoundingDivideByPOT), TensorFlow Lite and TOSA (single rounding).
 */
import { HalftoneError } from '../errors.ts';

const TWO_16 = 65536;
const TWO_31 = 2147483648;

/** How an integer is multiplied with a multiplier of fixed point; the name stands for the exact formula. */
export type FixedMode = 'tflite-double' | 'tflite-single' | 'shift-floor';

/** A positive real as multiplier * 2^(shift - 31). */
export interface FixedMultiplier {
  /** 0, or from 2^30 to 2^31 - 1. */
  readonly multiplier: number;
  /** Positive: to the left. */
  readonly shift: number;
}

/** `x` times the multiplier, rounded as the mode says and saturated to int32. */
export type FixedMultiply = (x: number, multiplier: number, shift: number) => number;

/**
 * The nearest multiplier of fixed point, ties away from zero; below 2^-32 it is 0.
 * Throws HT_INVALID_ARGUMENT for what is not finite and >= 0, or is 2^31 or more. TensorFlow Lite's QuantizeMultiplier.
 */
export function decomposeMultiplier(real: number): FixedMultiplier {
  if (!(real >= 0 && real < TWO_31)) {
    throw new HalftoneError('HT_INVALID_ARGUMENT', `multiplier ${real} is not from 0 up to 2^31`, {
      multiplier: real,
    });
  }
  let fraction = real;
  let shift = 0;
  for (; fraction >= 1; fraction /= 2) shift++;
  for (; fraction < 0.5 && shift >= -32; fraction *= 2) shift--;
  let multiplier = Math.floor(fraction * TWO_31 + 0.5);
  if (multiplier === TWO_31) {
    multiplier /= 2;
    shift++;
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/** The formula of each mode. Numerics 4.4. */
export const fixedMultiply: { readonly [M in FixedMode]: FixedMultiply } = {
  'tflite-double': multiplyDouble,
  'tflite-single': (x, multiplier, shift) => multiplyShift(x, multiplier, shift, true),
  'shift-floor': (x, multiplier, shift) => multiplyShift(x, multiplier, shift, false),
};

/** Two roundings: the high half of the doubled product, ties toward +infinity, then a shift, ties away from zero. */
function multiplyDouble(x: number, multiplier: number, shift: number): number {
  const shifted = shift > 0 ? saturate(x * powerOfTwo(shift)) : x;
  const high = doublingHigh(shifted, multiplier);
  return shift < 0 ? roundingShift(high, -shift) : high;
}

/** trunc((x * y + nudge) / 2^31), nudge 2^30 for products >= 0 and 1 - 2^30 for others. */
function doublingHigh(x: number, y: number): number {
  const magnitude = Math.abs(x);
  const nudge = x < 0 ? TWO_31 / 2 - 1 : TWO_31 / 2;
  const low = magnitude * (y % TWO_16) + nudge;
  const rounded = Math.floor((magnitude * Math.floor(y / TWO_16) + Math.floor(low / TWO_16)) / 32768);
  return x < 0 ? -rounded : rounded;
}

function roundingShift(x: number, shift: number): number {
  const divisor = powerOfTwo(shift);
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
  const half = rounds && places > 0 ? powerOfTwo(places - 1) : 0;
  if (places >= 17) {
    // The rounding term has no bits below 2^16 here, so it belongs to the high part.
    return saturate(Math.floor((high + half / TWO_16 + Math.floor(low / TWO_16)) / powerOfTwo(places - 16)));
  }
  // So far to the left nothing but 0 and the smallest products stay inside int32: what f64 rounds here saturates.
  return saturate(Math.floor((high * TWO_16 + low + half) / powerOfTwo(places)));
}

function saturate(x: number): number {
  return x < -TWO_31 ? -TWO_31 : x > TWO_31 - 1 ? TWO_31 - 1 : x;
}

/** 2^n, n from 0 to 61. */
function powerOfTwo(n: number): number {
  return n < 31 ? (1 << n) >>> 0 : ((1 << (n - 31)) >>> 0) * TWO_31;
}
