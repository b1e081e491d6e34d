import { type AnyCodeType, codeRange, codeTypes, isCodeType } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import { exponentOf, powerOfTwo } from './power-of-two.ts';
import { roundHalfEven } from './round.ts';

/**
 * How a range of reals is laid over the codes:
 * - `symmetric`: zero in the middle. int8 and int16 use a restricted range, such as [-127, 127] (no bias from a code
 *   without a counterpart), scale = absmax / 127, no zero point. The others use all codes, scale = 2 * absmax / (codes - 1),
 *   such as 255 of uint8 with zero point 128, 15 of uint4 with 8 and of int4 without.
 * - `symmetric-full`: signed types alone, such as [-128, 127], scale = absmax / 128, so that +absmax saturates; no zero point.
 * - `symmetric-unsigned`: unsigned types alone, such as [0, 255], scale = max / 255, no zero point; negative reals become 0.
 * - `asymmetric`: the whole range of the dtype with a zero point.
 * - `fixed-point`: the whole range of the dtype, no zero point, the scale a power of two, 2^-n of Qm.n: the smallest
 *   that covers the range. On unsigned types negative reals become 0.
 * Codes with a real bias, "slope and bias", have no zero point that could carry it: see `slopeBias`.
 */
export type Scheme = 'symmetric' | 'symmetric-full' | 'symmetric-unsigned' | 'asymmetric' | 'fixed-point';

/**
 * Which elements share one scale; `per-channel` and `per-row` are both axis 0, a negative axis counts from the end.
 * With `block`, that many neighbours along the axis share one, and no elements of other rows or columns do.
 */
export type Granularity =
  | 'per-tensor'
  | 'per-channel'
  | 'per-row'
  | { readonly axis: number; readonly block?: number | undefined };

/**
 * Precision in which an asymmetric scale and zero point are derived.
 * `f64`: as ONNX Runtime's quantization tool (extent in f32, scale and zero point in f64, then the scale is cast).
 * `f32`: as DynamicQuantizeLinear and TFLite, every step rounded to f32. They differ: [-1, 1] on uint8 has the zero
 * point 128 in f64 and 127 in f32.
 */
export type ParamArithmetic = 'f32' | 'f64';

/** Smallest and largest real value of some data. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
}

/** What turns reals into codes and back: `real = scale * (code - zeroPoint)`; the scale is always the step. */
export interface QuantParams<D extends AnyCodeType | 'int32' = AnyCodeType | 'int32'> {
  readonly dtype: D;
  /**
   * One element a tensor, or one for each index of `axis`; with `block`, row-major in the tensor's shape, where the extent
   * of `axis` is ceil(extent / block). Finite and > 0.
   */
  readonly scale: Float32Array;
  /** As long as `scale`; undefined where a scheme has none (every zero point is 0). */
  readonly zeroPoint: Int32Array | undefined;
  /** The axis that the scales belong to, counted from 0; undefined per tensor. */
  readonly axis: number | undefined;
  /** How many indices of `axis` share a scale; the last block may be short. Undefined: a scale for each index. */
  readonly block?: number | undefined;
}

export interface ParamOptions<D extends AnyCodeType = AnyCodeType> {
  readonly dtype: D;
  readonly scheme: Scheme;
  /** Leaves a bit unused ([0, 127], [-64, 64]) so that sums of pairs fit 16 bits on x86 before VNNI; not of 2-bit types. */
  readonly reduceRange?: boolean | undefined;
  /** Default `f64`. */
  readonly arithmetic?: ParamArithmetic | undefined;
  /** The axis that a list of ranges belongs to; default 0. */
  readonly axis?: number | undefined;
  /** How many indices of the axis a range of the list is of; see `QuantParams`. */
  readonly block?: number | undefined;
}

/** Smallest normal f32: a smaller scale has lost bits, or is flushed to zero on some devices. */
const F32_TINY = 1.1754943508222875e-38;

const schemes: readonly Scheme[] = [
  'symmetric',
  'symmetric-full',
  'symmetric-unsigned',
  'asymmetric',
  'fixed-point',
];

/**
 * Smallest and largest code that a scheme uses.
 * Throws HT_INVALID_ARGUMENT for an unknown scheme or dtype and for a scheme that the dtype cannot hold.
 * Ranges of ONNX Runtime's quantization tool.
 */
export function schemeCodes(
  dtype: AnyCodeType,
  scheme: Scheme,
  reduceRange = false,
): readonly [min: number, max: number] {
  if (!isCodeType(dtype)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `dtype ${String(dtype)} has no codes; one of ${codeTypes.join(', ')} is needed`,
      { dtype },
    );
  }
  if (!schemes.includes(scheme)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown scheme ${String(scheme)}; one of ${schemes.join(', ')} is needed`,
      { scheme },
    );
  }
  const [min, max] = codeRange(dtype);
  const signed = min < 0;
  if ((scheme === 'symmetric-full' && !signed) || (scheme === 'symmetric-unsigned' && signed)) {
    const wanted = signed ? 'unsigned' : 'signed';
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `scheme ${scheme} needs ${wanted} codes, not ${dtype}; or use symmetric`,
      { dtype, scheme },
    );
  }
  const restricted = dtype === 'int8' || dtype === 'int16';
  if (!reduceRange) return restricted && scheme === 'symmetric' ? [-max, max] : [min, max];
  if (max < 7) {
    throw new HalftoneError('HT_INVALID_ARGUMENT', `${dtype} has no bit to leave unused: drop reduceRange`, {
      dtype,
    });
  }
  if (!signed) return [0, (max - 1) / 2];
  return [min / 2, restricted ? -min / 2 : -min / 2 - 1];
}

/** True where a scheme carries a zero point: `asymmetric`, and `symmetric` on unsigned types. */
export function hasZeroPoint(dtype: AnyCodeType, scheme: Scheme): boolean {
  return scheme === 'asymmetric' || (scheme === 'symmetric' && codeRange(dtype)[0] === 0);
}

/** The constant zero point of a symmetric scheme over `codes`: their middle for `symmetric`, else 0. */
export function symmetricZeroPoint(scheme: Scheme, [min, max]: readonly [min: number, max: number]): number {
  return scheme === 'symmetric' && min === 0 ? roundHalfEven(max / 2) : 0;
}

/**
 * Chooses scale and zero point for one range (per tensor) or a list of ranges (one for each index of `axis`).
 * Zero is always made part of the range, so it is represented exactly. An end that is NaN counts as 0. A scale below
 * the smallest normal f32, as of all-zero data, becomes 1 with zero point 0: such data dequantize to 0. In a list of
 * `symmetric` unsigned ranges that channel keeps the zero point of the others, for kernels ask for one of all channels.
 * Ends are rounded to f32, the type of the data.
 * Throws HT_INVALID_ARGUMENT for an infinite end, for min > max and for a scheme that the dtype cannot hold.
 * Rules of ONNX Runtime's quantization tool (quant_utils.py, compute_scale_zp); Jacob et al. 2018, section 2.1.
 */
export function chooseParams<D extends AnyCodeType>(
  range: ValueRange | readonly ValueRange[],
  options: ParamOptions<D>,
): QuantParams<D> {
  const { dtype, scheme } = options;
  const codes = schemeCodes(dtype, scheme, options.reduceRange);
  const derive = derivation(options.arithmetic ?? 'f64');
  const ranges = 'min' in range ? [range] : range;
  const axis = 'min' in range ? undefined : (options.axis ?? 0);
  const place = {
    axis,
    ...(axis === undefined || options.block === undefined ? {} : { block: options.block }),
  };
  const chosen = ranges.map((r, i) => {
    const ends = endsWithZero(r, axis === undefined ? undefined : i);
    const pair =
      scheme === 'asymmetric'
        ? derive(ends, codes)
        : { scale: symmetricScale(scheme, ends, codes), zeroPoint: 0 };
    return pair.scale < F32_TINY ? undefined : pair;
  });
  const scale = Float32Array.from(chosen, (c) => c?.scale ?? 1);
  if (!hasZeroPoint(dtype, scheme)) return { dtype, scale, zeroPoint: undefined, ...place };
  const zeroPoint = Int32Array.from(chosen, (c) => c?.zeroPoint ?? 0);
  if (scheme === 'symmetric' && chosen.some((c) => c !== undefined))
    zeroPoint.fill(symmetricZeroPoint(scheme, codes));
  return { dtype, scale, zeroPoint, ...place };
}

/**
 * Scale and zero point of ONNX DynamicQuantizeLinear (uint8, per tensor) for data between `min` and `max`, in f32 as
 * ONNX Runtime computes them: the scale of all-zero data is 1. An end that is NaN counts as 0.
 * A scale that underflows to 0 becomes 1 with zero point 0, where ONNX Runtime divides by 0.
 * Throws HT_INVALID_ARGUMENT for an infinite end, for min > max, and where max - min overflows f32.
 */
export function dynamicParams(min: number, max: number): QuantParams<'uint8'> {
  const chosen = deriveF32(endsWithZero({ min, max }, undefined), [0, 255]);
  const dead = chosen.scale === 0;
  return {
    dtype: 'uint8',
    scale: Float32Array.of(dead ? 1 : chosen.scale),
    zeroPoint: Int32Array.of(dead ? 0 : chosen.zeroPoint),
    axis: undefined,
  };
}

interface ScaleZero {
  readonly scale: number;
  readonly zeroPoint: number;
}
type Derivation = (ends: ValueRange, codes: readonly [min: number, max: number]) => ScaleZero;

const deriveF64: Derivation = ({ min, max }, [qmin, qmax]) => {
  const extent = Math.fround(max - min);
  const scale = (Number.isFinite(extent) ? extent : max - min) / (qmax - qmin);
  return { scale, zeroPoint: clamp(roundHalfEven(qmin - min / scale), qmin, qmax) };
};

const deriveF32: Derivation = ({ min, max }, [qmin, qmax]) => {
  const scale = Math.fround(Math.fround(max - min) / (qmax - qmin));
  if (!Number.isFinite(scale)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `range [${min}, ${max}]: its extent overflows float32; scale the data down`,
      { min, max },
    );
  }
  const zero = Math.fround(qmin - Math.fround(min / scale));
  return { scale, zeroPoint: roundHalfEven(clamp(zero, qmin, qmax)) };
};

function derivation(arithmetic: ParamArithmetic): Derivation {
  if (arithmetic === 'f64') return deriveF64;
  if (arithmetic === 'f32') return deriveF32;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `unknown arithmetic ${String(arithmetic)}; f32 or f64 is needed`,
    { arithmetic },
  );
}

function symmetricScale(
  scheme: Scheme,
  { min, max }: ValueRange,
  [qmin, qmax]: readonly [min: number, max: number],
): number {
  if (scheme === 'symmetric-unsigned') return max / qmax;
  if (scheme === 'fixed-point') return coveringPowerOfTwo(Math.max(qmin < 0 ? min / qmin : 0, max / qmax));
  const absmax = Math.max(-min, max);
  return scheme === 'symmetric-full' ? absmax / -qmin : (2 * absmax) / (qmax - qmin);
}

/** The smallest power of two that is not below `step`; 0 for 0. */
function coveringPowerOfTwo(step: number): number {
  if (step === 0) return 0;
  const below = powerOfTwo(exponentOf(step));
  return below === step ? below : 2 * below;
}

function endsWithZero(range: ValueRange, index: number | undefined): ValueRange {
  const [min, max] = [Math.fround(range.min), Math.fround(range.max)];
  if (Math.abs(min) === Infinity || Math.abs(max) === Infinity || min > max) {
    const where = index === undefined ? 'range' : `range ${index}`;
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `${where} [${range.min}, ${range.max}]: finite float32 values with min <= max are needed; pass a range that covers the data to keep`,
      { index, min: range.min, max: range.max },
    );
  }
  return { min: min < 0 ? min : 0, max: max > 0 ? max : 0 };
}

function clamp(x: number, min: number, max: number): number {
  return Math.min(Math.max(x, min), max);
}
