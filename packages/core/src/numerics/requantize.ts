import { type CodeType, codeRange } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import { type Tensor, zeros } from '../tensor.ts';
import { forEachParamRun, paramLayout } from './axis.ts';
import { fixedMultiply, type FixedMode } from './fixed-multiply.ts';
import { decompose } from './q31.ts';
import { roundHalfEven } from './round.ts';

/** How accumulators become codes; the name of a mode stands for its exact formula. Numerics 4.3, 4.4. */
export type RequantizeMode = 'ort-f32' | 'onnx-ref' | FixedMode;

/** What accumulators are multiplied with: float32 values, or fixed-point pairs. One, or one an output channel. */
export type RequantizeFactors =
  | { readonly multiplier: Float32Array; readonly shift?: undefined }
  | { readonly multiplier: Int32Array; readonly shift: Int32Array };

/** One accumulator, of an output channel, as a code. */
export type Requantizer = (acc: number, channel: number) => number;

/** True for the modes that multiply in integers. */
export function isFixedMode(mode: RequantizeMode): mode is FixedMode {
  return Object.hasOwn(fixedMultiply, mode);
}

/**
 * The multiplier of a requantization, `m = f32(f32(sa * sb) / sy)`: scale of the first operand, of the second
 * (weights), of the output. Each is one value or a list; lists have the same length, which is that of the result.
 * Derived here once and handed to backends: no backend multiplies scales.
 * Throws HT_INVALID_ARGUMENT for a scale that is not finite and > 0 in float32 and for a multiplier that overflows,
 * HT_SHAPE_MISMATCH where lists differ in length. As ONNX Runtime's QLinearConv and QLinearMatMul.
 */
export function requantizeMultiplier(
  sa: number | ArrayLike<number>,
  sb: number | ArrayLike<number>,
  sy: number | ArrayLike<number>,
): Float32Array {
  return Float32Array.from(
    combine(sa, sb, sy, (a, b, y) => Math.fround(Math.fround(a * b) / y)).map((m, index) => {
      if (m < Infinity) return m;
      throw new HalftoneError('HT_INVALID_ARGUMENT', `multiplier ${index} overflows float32`, { index });
    }),
  );
}

/** A number for each channel from three scales or lists of scales. */
function combine(
  sa: number | ArrayLike<number>,
  sb: number | ArrayLike<number>,
  sy: number | ArrayLike<number>,
  of: (a: number, b: number, y: number) => number,
): number[] {
  const lists = [scales('sa', sa), scales('sb', sb), scales('sy', sy)] as const;
  const count = lists.reduce((n, list) => (list.length === 1 ? n : list.length), 1);
  if (lists.some((list) => list.length !== 1 && list.length !== count)) {
    const lengths = lists.map((list) => list.length);
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `scales of ${lengths.join(', ')} elements; each is one, or as many as the others`,
      { lengths },
    );
  }
  const [a, b, y] = lists;
  const at = (list: Float32Array, i: number): number => list[list.length === 1 ? 0 : i]!;
  return Array.from({ length: count }, (_, i) => of(at(a, i), at(b, i), at(y, i)));
}

/**
 * Mode `ort-f32`: `t = f32(f32(acc) * m); rint(min(max(t, qmin - zp), qmax - zp)) + zp`, the zero point added after
 * rounding, ties to even. `acc` is an int32, `m` a finite f32.
 * The clamp is in float, before converting: a `t` of 2^31 or more has no int32.
 * As ONNX Runtime (MlasRequantizeOutput); the ONNX reference evaluator rounds after adding and differs on ties.
 */
export function requantizeOrtF32(
  acc: number,
  multiplier: number,
  zeroPoint: number,
  qmin: number,
  qmax: number,
): number {
  const t = Math.fround(Math.fround(acc) * multiplier);
  const low = qmin - zeroPoint;
  const high = qmax - zeroPoint;
  return roundHalfEven(t < low ? low : t > high ? high : t) + zeroPoint;
}

/**
 * Mode `onnx-ref`: `rint(min(max(acc * m + zp, qmin), qmax))` in f64, the zero point added before rounding, ties to even.
 * As the ONNX reference evaluator's QLinearMatMul and QLinearConv, whose int32 by float32 product NumPy makes a float64.
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

/** Names of all modes. */
export const requantizeModes: readonly RequantizeMode[] = [
  'ort-f32',
  'onnx-ref',
  ...(Object.keys(fixedMultiply) as FixedMode[]),
];

/**
 * The factors of a mode from scales as `requantizeMultiplier` takes them. The real multiplier of a fixed-point pair is
 * `sa * sb / sy` in f64, of scales in f32. Errors of `requantizeMultiplier`.
 */
export function requantizeFactors(
  mode: RequantizeMode,
  sa: number | ArrayLike<number>,
  sb: number | ArrayLike<number>,
  sy: number | ArrayLike<number>,
): RequantizeFactors {
  if (!isFixedMode(mode)) return { multiplier: requantizeMultiplier(sa, sb, sy) };
  return fixedFactors(combine(sa, sb, sy, (a, b, y) => (a * b) / y));
}

/** Fixed-point pairs of real multipliers. Throws HT_INVALID_ARGUMENT as `fixedPoint.decompose`. */
export function fixedFactors(
  reals: ArrayLike<number>,
): Extract<RequantizeFactors, { multiplier: Int32Array }> {
  const pairs = Array.from(reals, decompose);
  return {
    multiplier: Int32Array.from(pairs, (pair) => pair.multiplier),
    shift: Int32Array.from(pairs, (pair) => pair.shift),
  };
}

/** Makes the function of a mode that turns accumulators into codes from `qmin` to `qmax` around `zeroPoint`. */
export function requantizer(
  mode: RequantizeMode,
  factors: RequantizeFactors,
  zeroPoint: number,
  qmin: number,
  qmax: number,
): Requantizer {
  const { multiplier, shift } = factors;
  const one = multiplier.length === 1;
  if (isFixedMode(mode)) {
    const multiply = fixedMultiply[mode];
    return (acc, channel) => {
      const c = one ? 0 : channel;
      const q = multiply(acc, multiplier[c]!, shift![c]!) + zeroPoint;
      return q < qmin ? qmin : q > qmax ? qmax : q;
    };
  }
  const formula = mode === 'onnx-ref' ? requantizeOnnxRef : requantizeOrtF32;
  return (acc, channel) => formula(acc, multiplier[one ? 0 : channel]!, zeroPoint, qmin, qmax);
}

/** Choices of `requantizeTensor`. */
export interface RequantizeOptions<D extends CodeType = CodeType> {
  readonly dtype: D;
  /** Real multipliers: one, or one for each index of `axis`. From `requantizeMultiplier` for the float modes; others are decomposed. */
  readonly multiplier: ArrayLike<number>;
  /** Axis of the multipliers; left out, there is one. */
  readonly axis?: number | undefined;
  /** Code of the real 0 in the output; default 0. */
  readonly zeroPoint?: number | undefined;
  /** A fused activation: smallest and largest code, within the dtype. */
  readonly clamp?: readonly [min: number, max: number] | undefined;
  /** Default ort-f32. */
  readonly mode?: RequantizeMode | undefined;
}

/**
 * Turns an int32 tensor of accumulators into codes of the same shape.
 * Throws HT_DTYPE_MISMATCH for other input, HT_UNSUPPORTED for an unknown mode, HT_INVALID_ARGUMENT or
 * HT_SHAPE_MISMATCH where zero point, clamp, axis or multipliers do not fit.
 */
export function requantizeTensor<D extends CodeType>(
  acc: Tensor<'int32'>,
  options: RequantizeOptions<D>,
): Tensor<D> {
  const { dtype, multiplier, axis, zeroPoint = 0, mode = 'ort-f32' } = options;
  if (acc.dtype !== 'int32') {
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `requantizeTensor needs an int32 tensor, not ${String(acc.dtype)}`,
      { dtype: acc.dtype },
    );
  }
  if (!requantizeModes.includes(mode)) {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `unknown mode ${String(mode)}; one of ${requantizeModes.join(', ')} is needed`,
      { mode },
    );
  }
  const range = codeRange(dtype);
  const [qmin, qmax] = options.clamp ?? range;
  for (const code of [zeroPoint, qmin, qmax]) {
    if (!Number.isInteger(code) || code < range[0] || code > range[1] || qmin > qmax) {
      const message = `zero point ${zeroPoint} and clamp [${qmin}, ${qmax}] must be codes of ${dtype}, the clamp in ascending order`;
      throw new HalftoneError('HT_INVALID_ARGUMENT', message, { zeroPoint, clamp: [qmin, qmax] });
    }
  }
  const factors = isFixedMode(mode)
    ? fixedFactors(multiplier)
    : { multiplier: Float32Array.from(multiplier) };
  const requantize = requantizer(mode, factors, zeroPoint, qmin, qmax);
  const layout = paramLayout(acc.data.length, acc.shape, { axis }, multiplier.length);
  const out = zeros(dtype, acc.shape);
  forEachParamRun(layout, (begin, end, channel) => {
    for (let i = begin; i < end; i++) out.data[i] = requantize(acc.data[i] as number, channel);
  });
  return out;
}

function scales(name: string, value: number | ArrayLike<number>): Float32Array {
  const list = typeof value === 'number' ? Float32Array.of(value) : Float32Array.from(value);
  list.forEach((s, index) => {
    if (!(s > 0 && s < Infinity)) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `${name} is ${s} at ${index}: a scale is finite and > 0`,
        { index },
      );
    }
  });
  return list;
}
