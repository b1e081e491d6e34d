/*
 * Functions of one real, in f64 from core's elementary functions, for whoever stores the result to round once: the float
 * ops of backends, and the tables by which codes are mapped to codes.
 */
import { erf, exp, log, sigmoid, tanh } from './elementary.ts';
import { roundHalfEven } from './round.ts';

/** A function of one real; `alpha` and `beta` are those of the ONNX operator that has them. */
export type RealFunction = (x: number, alpha: number, beta: number) => number;

/** Names of the functions that ops and tables know. */
export type UnaryFunction =
  | 'abs'
  | 'ceil'
  | 'elu'
  | 'erf'
  | 'exp'
  | 'floor'
  | 'gelu'
  | 'geluTanh'
  | 'hardSigmoid'
  | 'hardSwish'
  | 'leakyRelu'
  | 'log'
  | 'mish'
  | 'neg'
  | 'quickGelu'
  | 'reciprocal'
  | 'round'
  | 'selu'
  | 'sigmoid'
  | 'sign'
  | 'softplus'
  | 'softsign'
  | 'sqrt'
  | 'tanh';

const SQRT_HALF = 0.7071067811865476;
const SQRT_2_OVER_PI = 0.7978845608028654;

/** The functions by name; definitions of the ONNX operators, QuickGelu of ONNX Runtime. */
export const unaryFunctions: { readonly [F in UnaryFunction]: RealFunction } = {
  abs: Math.abs,
  ceil: Math.ceil,
  elu: (x, alpha) => (x < 0 ? alpha * expMinus1(x) : x),
  erf: (x) => erf(x),
  exp: (x) => exp(x),
  floor: Math.floor,
  gelu: (x) => x * half(1 + erf(x * SQRT_HALF)),
  geluTanh: (x) => x * half(1 + tanh(SQRT_2_OVER_PI * (x + 0.044715 * x * x * x))),
  hardSigmoid: (x, alpha, beta) => Math.max(0, Math.min(1, alpha * x + beta)),
  hardSwish: (x) => x * Math.max(0, Math.min(1, x / 6 + 0.5)),
  leakyRelu: (x, alpha) => (x < 0 ? alpha * x : x),
  log: (x) => log(x),
  mish: (x) => x * tanh(softplus(x)),
  neg: (x) => -x,
  quickGelu: (x, alpha) => x * sigmoid(alpha * x),
  reciprocal: (x) => 1 / x,
  round: (x) => roundHalfEven(x),
  selu: (x, alpha, gamma) => gamma * (x > 0 ? x : alpha * expMinus1(x)),
  sigmoid: (x) => sigmoid(x),
  sign: Math.sign,
  softplus,
  softsign: (x) => x / (1 + Math.abs(x)),
  sqrt: Math.sqrt,
  tanh: (x) => tanh(x),
};

function half(x: number): number {
  return x / 2;
}

/** ln(1 + e^x). */
function softplus(x: number): number {
  const power = exp(-Math.abs(x));
  const sum = 1 + power;
  // The logarithm of the rounded sum, corrected by what the rounding took (Kahan).
  const rest = sum === 1 ? power : (log(sum) * power) / (sum - 1);
  return Math.max(x, 0) + rest;
}

/** e^x - 1 without the cancellation near 0 (Kahan). */
function expMinus1(x: number): number {
  const power = exp(x);
  if (power === 1) return x;
  const less = power - 1;
  return less === -1 || power === Infinity ? less : (less * x) / log(power);
}

/**
 * x^y with C's special cases: 1 for y = 0 and for x = 1, NaN for a negative x with a fractional y, signs of zeros and
 * infinities by odd integers y. Its error is far below half an ulp of f32; squares, square roots and reciprocals are exact
 * products, roots and quotients.
 */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (y === 1) return x;
  if (y === 2) return x * x;
  if (y === -1) return 1 / x;
  if (y === 0.5 && x > 0) return Math.sqrt(x);
  const whole = Number.isInteger(y) || Math.abs(y) === Infinity;
  if (x < 0 && x !== -Infinity && !whole) return NaN;
  const magnitude = Math.abs(x) === 1 ? 1 : exp(y * log(Math.abs(x)));
  const odd = Number.isInteger(y) && Math.abs(y % 2) === 1;
  return odd && (x < 0 || Object.is(x, -0)) ? -magnitude : magnitude;
}
