/*
 * How an int32 accumulator is multiplied by a real, one function a definition. The fixed-point ones take the pair of
 * `fixedPoint.decompose`: x * q * 2^(shift - 31). Their 64-bit products are kept as S * 2^16 + low, S an integer below
 * 2^48 in f64 and low one of 16 bits, so that every step is exact without BigInt.
 */
import { powerOfTwo } from './power-of-two.ts';
import { roundHalfEven } from './round.ts';

const INT32_MAX = 2147483647;

/** 2^0 .. 2^62. */
const POWERS = Float64Array.from({ length: 63 }, (_, k) => powerOfTwo(k));

/** The 16 low bits of the last product; its other bits are the result of `upperProduct`. */
let low = 0;

/** floor(x * q / 2^16) for two int32; the rest stays in `low`. */
function upperProduct(x: number, q: number): number {
  const second = (x & 0xffff) * q;
  const carry = Math.floor(second / 65536);
  low = second - carry * 65536;
  return (x >> 16) * q + carry;
}

/** int32(floor((upper * 2^16 + low) / 2^bits)), bits from 1 to 62; what leaves int32 wraps. */
function shifted(upper: number, rest: number, bits: number): number {
  if (bits > 16) return Math.floor(upper / (POWERS[bits - 16] as number)) | 0;
  // Both parts are integers; only their sum modulo 2^32 counts.
  return (((upper * (POWERS[16 - bits] as number)) | 0) + Math.floor(rest / (POWERS[bits] as number))) | 0;
}

/** The high half of the doubled product, ties up; the one product that has no int32 saturates. */
function doublingHighProduct(x: number, q: number): number {
  // Nudging by +2^30 or 1 - 2^30 and truncating is, on both sides of zero, one floor of the product plus 2^30.
  return Math.min(Math.floor((upperProduct(x, q) + 16384) / 32768), INT32_MAX);
}

/** x / 2^exponent, ties away from zero; exponent from 0 to 31. */
function roundingShift(x: number, exponent: number): number {
  const mask = (POWERS[exponent] as number) - 1;
  const threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/**
 * x * multiplier * 2^(shift - 31), rounded twice: the high half of the doubled product (ties up), then a shift right
 * (ties away from zero). A shift left comes first and wraps at 32 bits.
 * `x` and `multiplier` are int32, `shift` an integer from -31 to 30.
 * TFLite's MultiplyByQuantizedMultiplier, its default; gemmlowp's SaturatingRoundingDoublingHighMul and
 * RoundingDivideByPOT.
 */
export function multiplyByQuantizedMultiplierDouble(x: number, multiplier: number, shift: number): number {
  return shift > 0
    ? doublingHighProduct(Math.imul(x, POWERS[shift] as number), multiplier)
    : roundingShift(doublingHighProduct(x, multiplier), -shift);
}

/**
 * x * multiplier * 2^(shift - 31), rounded once, ties up: `(x * multiplier + 2^(30 - shift)) >> (31 - shift)` in 64 bits.
 * `x` is an int32, `multiplier` one of 0 or more, `shift` an integer from -31 to 30. A result that leaves int32 wraps.
 * TFLite built with TFLITE_SINGLE_ROUNDING; TOSA's apply_scale without double rounding.
 */
export function multiplyByQuantizedMultiplierSingle(x: number, multiplier: number, shift: number): number {
  const bits = 31 - shift;
  const upper = upperProduct(x, multiplier);
  return bits > 16
    ? shifted(upper + (POWERS[bits - 17] as number), low, bits)
    : shifted(upper, low + (POWERS[bits - 1] as number), bits);
}

/**
 * x * multiplier * 2^(shift - 31), rounded down: `(x * multiplier) >> (31 - shift)` in 64 bits. Half of its results are
 * one too low; it is what an introduction does, not what a kernel should.
 * `x` and `multiplier` are int32, `shift` an integer from -31 to 30. A result that leaves int32 wraps.
 */
export function multiplyByQuantizedMultiplierFloor(x: number, multiplier: number, shift: number): number {
  const upper = upperProduct(x, multiplier);
  return shifted(upper, low, 31 - shift);
}

/**
 * `saturate(rint(acc * m + zp))`, in f64, ties to even: the zero point is added before rounding. `acc` is an int32, `m`
 * the f32 of `requantizeMultiplier`. Where zp is odd, ties are not those of mode `ort-f32`.
 * QLinearMatMul and QLinearConv of the ONNX reference evaluator: numpy promotes int32 * float32 to float64.
 */
export function requantizeOnnxRef(
  acc: number,
  multiplier: number,
  zeroPoint: number,
  qmin: number,
  qmax: number,
): number {
  const t = acc * multiplier + zeroPoint;
  // Adding 0 takes the sign from a zero.
  return roundHalfEven(t < qmin ? qmin : t > qmax ? qmax : t) + 0;
}
