/*
 * Elementary functions from + - * / and typed arrays alone, so that every IEEE 754 machine gives the same bits; those
 * of `Math` are approximated by each engine in its own way. All work in f64 and are at most 1 ulp from the correctly
 * rounded value. Sources: range reduction by a split constant (Cody and Waite 1980); sums and products with their
 * rounding error (Dekker 1971; Knuth, TAOCP 2, 4.2.2); coefficients are those of the Taylor series.
 */
import { powerOfTwo } from './power-of-two.ts';
import { roundHalfEven } from './round.ts';

const LOG2_E = 1.4426950408889634;
/** ln 2 in two parts; the first has 32 bits, so its products with an exponent are exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** 1 / ln 2 in two parts; the first has 24 bits, so its products with an f32 are exact. */
const INV_LN2_HIGH = 1.4426950216293335;
const INV_LN2_LOW = 1.9259629911266175e-8;
const SQRT_2 = 1.4142135623730951;
const TWO_54 = 18014398509481984;
const TWO_OVER_SQRT_PI = 1.1283791670955126;

const f64 = new Float64Array(1);
const words = new Uint32Array(f64.buffer);
const HIGH_WORD = new Uint32Array(Float64Array.of(1).buffer)[1] === 0 ? 0 : 1;

/** A value as 2^exponent and a sum of two f64, the second far smaller: what one call leaves for its caller. */
const parts = { exponent: 0, high: 0, low: 0 };

/** e^x, with 0 and Infinity where it leaves f64. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019412) return 0;
  splitExp(x);
  const high = 1 + parts.high;
  return scaleBy(high + (1 - high + parts.high + parts.low), parts.exponent);
}

/** The logistic function 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  if (x > 40) return 1;
  if (x < -40) return exp(x);
  splitExp(x);
  const power = powerOfTwo(parts.exponent);
  const one = 1 + parts.high;
  const rest = 1 - one + parts.high + parts.low;
  const mantissa = one + rest;
  const high = mantissa * power;
  const low = (one - mantissa + rest) * power;
  const sum = 1 + high;
  return quotient(high, low, sum, sumError(1, high, sum) + low);
}

/** The hyperbolic tangent; keeps the sign of zero. */
export function tanh(x: number): number {
  const a = Math.abs(x);
  if (!(a >= 3.7252902984619140625e-9)) return x;
  const t = a > 22 ? 1 : a < 1 ? tanhBelow1(a) : 1 - 2 / (exp(2 * a) + 1);
  return x < 0 ? -t : t;
}

/** (e^2a - 1) / (e^2a + 1), both with their rounding errors, for the difference cancels. */
function tanhBelow1(a: number): number {
  splitExp(2 * a);
  const power = powerOfTwo(parts.exponent);
  const big = power - 1;
  const small = power * parts.high;
  const sum = big + small;
  const rest = sumError(big, small, sum) + power * parts.low;
  const high = sum + rest;
  const low = sum - high + rest;
  const below = high + 2;
  return quotient(high, low, below, sumError(high, 2, below) + low);
}

/** The natural logarithm; -Infinity at both zeros, NaN below. */
export function log(x: number): number {
  if (!splitLog(x)) return parts.high;
  const { exponent, high, low } = parts;
  if (exponent === 0) return high + low;
  const whole = exponent * LN2_HIGH;
  const sum = whole + high;
  return sum + (whole - sum + high + (low + exponent * LN2_LOW));
}

/** The logarithm to base 2, exact at powers of 2; -Infinity at both zeros, NaN below. */
export function log2(x: number): number {
  if (!splitLog(x)) return parts.high;
  const { exponent, high, low } = parts;
  const main = high * INV_LN2_HIGH;
  const rest = (high + low) * INV_LN2_LOW + low * INV_LN2_HIGH;
  const sum = exponent + main;
  return sum + (sumError(exponent, main, sum) + rest);
}

/**
 * The error function 2/sqrt(pi) * integral of e^-t^2 from 0 to x; keeps the sign of zero.
 * Near zero by its series; elsewhere by the Taylor series at the next multiple of 1/4, whose derivatives are Hermite
 * polynomials times e^-c^2 (Abramowitz and Stegun, 7.1.5 and 7.1.19).
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a < 0.5) return erfNearZero(x);
  if (!(a < 6)) return a > 0 ? Math.sign(x) : x;
  const node = Math.floor(a * 4 + 0.5);
  const c = node / 4;
  const d = a - c;
  let before = 0;
  let term = d;
  let rest = 0;
  for (let n = 0; n < ERF_TERMS; n++) {
    const next = (-2 * c * d * term) / (n + 2) - (2 * n * d * d * before) / ((n + 1) * (n + 2));
    before = term;
    term = next;
    rest += next;
  }
  const slope = TWO_OVER_SQRT_PI * exp(-c * c);
  const low = ERF_NODES[2 * node - 3] as number;
  const y = (ERF_NODES[2 * node - 4] as number) + (low + slope * (d + rest));
  return x < 0 ? -y : y;
}

/** Terms after which those of |x - c| <= 1/8 no longer count. */
const ERF_TERMS = 16;

/** erf at 2/4, 3/4 .. 24/4, each as an f32 and the rest of it. */
const ERF_NODES: readonly number[] = [
  0.5204998850822449, -7.2691983353641284e-9, 0.7111556529998779, -1.934636279808856e-8, 0.8427007794380188,
  1.3511696070513095e-8, 0.9229001402854919, -1.2029033713222852e-8, 0.9661051630973816,
  -1.6622070864729898e-8, 0.9866716861724854, -1.4953302907790288e-8, 0.9953222870826721,
  -2.2063719384978557e-8, 0.9985373020172119, -1.860389306576041e-8, 0.9995930194854736,
  2.8497081408247937e-8, 0.9998993873596191, -9.281738777461904e-9, 0.9999778866767883, 2.2826213084480502e-8,
  0.9999957084655762, -1.1245039846996831e-8, 0.9999992847442627, -2.7842635036725247e-8, 0.9999998807907104,
  5.482032980984596e-9, 1, -1.541725790028002e-8, 1, -1.8505741373867425e-9, 1, -1.9661604415428876e-10, 1,
  -1.8485047721485312e-11, 1, -1.537459794428035e-12, 1, -1.1310313266887154e-13, 1, -7.357847917974398e-15,
  1, -4.232136617425738e-16, 1, -2.1519736712498913e-17,
];

/** 2/sqrt(pi) * (x - x^3/3 + x^5/10 - ..), x taken out so that its rounding is the only large one. */
function erfNearZero(x: number): number {
  const z = x * x;
  let sum = 0;
  for (let n = 13; n >= 1; n--) {
    // Horner's scheme over (-z)^n / (n! (2n + 1)): each step divides by one more n.
    sum = ((1 / (2 * n + 1) + sum) * -z) / n;
  }
  return x + x * (0.1283791670955126 + TWO_OVER_SQRT_PI * sum);
}

/** 1/2! .. 1/13!, the series of e^r after 1 + r. */
const INVERSE_FACTORIALS: readonly number[] = [
  1 / 2,
  1 / 6,
  1 / 24,
  1 / 120,
  1 / 720,
  1 / 5040,
  1 / 40320,
  1 / 362880,
  1 / 3628800,
  1 / 39916800,
  1 / 479001600,
  1 / 6227020800,
];

/** Leaves 2^exponent * (1 + high + low) = e^x, |high| <= ln 2 / 2, for x within the range of `exp`. */
function splitExp(x: number): void {
  const k = roundHalfEven(x * LOG2_E);
  const nearly = x - k * LN2_HIGH;
  const less = k * LN2_LOW;
  const r = nearly - less;
  const lost = nearly - r - less;
  let series = 0;
  for (let n = INVERSE_FACTORIALS.length - 1; n >= 0; n--)
    series = series * r + (INVERSE_FACTORIALS[n] as number);
  parts.exponent = k;
  parts.high = r;
  parts.low = r * r * series + lost;
}

/**
 * Leaves exponent * ln 2 + high + low = ln x, sqrt(1/2) <= e^(high + low) <= sqrt(2), `high` being an f32; false where the
 * logarithm is special and stands in `parts.high`.
 */
function splitLog(x: number): boolean {
  if (!(x > 0 && x < Infinity)) {
    parts.high = x === 0 ? -Infinity : x > 0 ? x : NaN;
    return false;
  }
  const subnormal = x < 2.2250738585072014e-308;
  f64[0] = subnormal ? x * TWO_54 : x;
  const word = words[HIGH_WORD] as number;
  let exponent = (word >>> 20) - (subnormal ? 1023 + 54 : 1023);
  words[HIGH_WORD] = (word & 0xfffff) | 0x3ff00000;
  let m = f64[0];
  if (m > SQRT_2) {
    m /= 2;
    exponent++;
  }
  // ln(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + R), s = f / (2 + f), R = 2 s^2/3 + 2 s^4/5 + ..
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  let series = 0;
  for (let n = 23; n >= 3; n -= 2) series = (series + 2 / n) * z;
  const half = 0.5 * f * f;
  const high = Math.fround(f - half);
  parts.exponent = exponent;
  parts.high = high;
  parts.low = f - high - half + s * (half + series);
  return true;
}

/** y * 2^k for a normal y; a result below the normal range is rounded once. */
function scaleBy(y: number, k: number): number {
  if (k > 1023) return y * powerOfTwo(1023) * powerOfTwo(k - 1023);
  if (k < -1022) return (y * powerOfTwo(k + 54)) / TWO_54;
  return y * powerOfTwo(k);
}

/** What `sum`, the rounded a + b, lost. */
function sumError(a: number, b: number, sum: number): number {
  const second = sum - a;
  return a - (sum - second) + (b - second);
}

/** (a + b) / (c + d), where b and d are rounding errors of a and c; no part may overflow. */
function quotient(a: number, b: number, c: number, d: number): number {
  const q = a / c;
  const product = q * c;
  const qHigh = upperHalf(q);
  const cHigh = upperHalf(c);
  const qLow = q - qHigh;
  const cLow = c - cHigh;
  const lost = qLow * cLow - (product - qHigh * cHigh - qLow * cHigh - qHigh * cLow);
  return q + (a - product - lost + b - q * d) / c;
}

/** The upper 26 bits (Veltkamp), whose products are exact. */
function upperHalf(x: number): number {
  const scaled = x * 134217729;
  return scaled - (scaled - x);
}
