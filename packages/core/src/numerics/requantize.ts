import { type CodeType, codeRange } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import { type Tensor, zeros } from '../tensor.ts';
import { paramLayout } from './axis.ts';
import { roundHalfEven } from './round.ts';

/** How accumulators become codes; the name of a mode stands for its exact formula. */
export type RequantizeMode = 'ort-f32';

/** One accumulator times its multiplier, rounded and saturated to codes from `qmin` to `qmax` around `zeroPoint`. */
export type RequantizeFunction = (
  acc: number,
  multiplier: number,
  zeroPoint: number,
  qmin: number,
  qmax: number,
) => number;

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
  const [a, b, y] = [scales('sa', sa), scales('sb', sb), scales('sy', sy)];
  const count = [a, b, y].reduce((n, list) => (list.length === 1 ? n : list.length), 1);
  const at = (list: Float32Array, i: number): number => list[list.length === 1 ? 0 : i] as number;
  for (const list of [a, b, y]) {
    if (list.length !== 1 && list.length !== count) {
      throw new HalftoneError(
        'HT_SHAPE_MISMATCH',
        `scales of ${a.length}, ${b.length} and ${y.length} elements; each is one, or as many as the others`,
        { sa: a.length, sb: b.length, sy: y.length },
      );
    }
  }
  return new Float32Array(count).map((_, i) => {
    const m = Math.fround(Math.fround(at(a, i) * at(b, i)) / at(y, i));
    if (m < Infinity) return m;
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `multiplier ${i} overflows float32: ${at(a, i)} * ${at(b, i)} / ${at(y, i)}`,
      { index: i },
    );
  });
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

/** The formula of each mode. */
export const requantizeModes: { readonly [M in RequantizeMode]: RequantizeFunction } = {
  'ort-f32': requantizeOrtF32,
};

/** Choices of `requantizeTensor`. */
export interface RequantizeOptions<D extends CodeType = CodeType> {
  readonly dtype: D;
  /** From `requantizeMultiplier`: one, or one for each index of `axis`. */
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
  if (!Object.hasOwn(requantizeModes, mode)) {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `unknown mode ${String(mode)}; one of ${Object.keys(requantizeModes).join(', ')} is needed`,
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
  const requantize = requantizeModes[mode];
  const { outer, channels, inner } = paramLayout(acc.data.length, acc.shape, axis, multiplier.length);
  const out = zeros(dtype, acc.shape);
  for (let o = 0, i = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      const m = multiplier[c] as number;
      for (const end = i + inner; i < end; i++)
        out.data[i] = requantize(acc.data[i] as number, m, zeroPoint, qmin, qmax);
    }
  }
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
