import { HalftoneError } from '../errors.ts';
import { roundHalfEven } from './round.ts';

/** An int32 bias with the weight scales that make it fit. */
export interface QuantizedBias {
  /** `round(bias / scale)`, zero point 0. */
  readonly codes: Int32Array;
  /** `f32(inputScale * weightScale)`: one, or one a channel, as `weightScale`. */
  readonly scale: Float32Array;
  /** The weight scales, raised where the guard asked for it; a new array. */
  readonly weightScale: Float32Array;
  /** Ascending indices into `weightScale` of what was raised: those weights must be quantized again with the new scale. */
  readonly raised: readonly number[];
}

const INT32_MIN = -2147483648;
const INT32_MAX = 2147483647;
const F32_TINY = 1.1754943508222875e-38;
/** ONNX Runtime divides 2 * absmax by all codes of int32 but the lowest, with room for the rounding of scales to f32. */
const GUARD_MARGIN = 1.0001;
const GUARD_RANGE = 4294967294;

/**
 * Quantizes a bias to int32 so that it can be added to accumulators: scale = inputScale * weightScale, zero point 0.
 * Where that step is so small that a bias would leave int32 (`sx * sw < 1.0001 * 2 * absmax / (2^32 - 2)`), the weight
 * scale is raised to the threshold and its index reported; per channel, or per tensor by the largest bias.
 * `bias` has one element a channel; `weightScale` has as many, or one.
 * Throws HT_SHAPE_MISMATCH for other lengths, HT_INVALID_ARGUMENT for a bias that is not finite, for a scale that is
 * not finite and > 0 in float32, and where the raised scale would overflow.
 * As ONNX Runtime's quantization tool (quantize_bias_static_impl, adjust_weight_scale_for_int32_bias): the quotient in f64.
 */
export function quantizeBias(
  bias: Float32Array,
  inputScale: number,
  weightScale: Float32Array,
): QuantizedBias {
  if (weightScale.length !== 1 && weightScale.length !== bias.length) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `bias has ${bias.length} elements, weightScale ${weightScale.length}; one or as many are needed`,
      {
        bias: bias.length,
        weightScale: weightScale.length,
      },
    );
  }
  const sx = Math.fround(inputScale);
  positive('inputScale', sx);
  const perTensor = weightScale.length === 1;
  const absmax = largest(bias, perTensor);
  const raised: number[] = [];
  const weights = weightScale.map((sw, i) => {
    positive('weightScale', sw, i);
    const needed = smallestStep(sx, sw, absmax[i] as number, perTensor);
    if (sx * sw >= needed) return sw;
    raised.push(i);
    const higher = Math.fround(sw * (needed / (sx * sw)));
    positive('raised weightScale', higher, i);
    return higher;
  });
  const scale = weights.map((sw) => sx * sw);
  const codes = Int32Array.from(bias, (b, i) => {
    const code = roundHalfEven(b / (scale[perTensor ? 0 : i] as number));
    return Math.min(Math.max(code, INT32_MIN), INT32_MAX);
  });
  return { codes, scale, weightScale: weights, raised };
}

function smallestStep(sx: number, sw: number, absmax: number, perTensor: boolean): number {
  // A step that underflows to 0 in f32 has no codes at all, however small the bias.
  const floor = Math.fround(sx * sw) === 0 ? F32_TINY : 0;
  // The tool takes the largest bias of a tensor in f64, but each channel's in f32, the margin too.
  const extent = perTensor
    ? GUARD_MARGIN * (2 * absmax)
    : Math.fround(Math.fround(GUARD_MARGIN) * Math.fround(2 * absmax));
  return Math.max(extent / GUARD_RANGE, floor);
}

function largest(bias: Float32Array, perTensor: boolean): Float32Array {
  const each = bias.map(Math.abs);
  each.forEach((b, index) => {
    if (!(b < Infinity)) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `bias ${bias[index]} at ${index} is not finite; repair the model's bias`,
        { index },
      );
    }
  });
  return perTensor ? Float32Array.of(each.reduce((a, b) => Math.max(a, b), 0)) : each;
}

function positive(name: string, scale: number, index?: number): void {
  if (scale > 0 && scale < Infinity) return;
  const place = index === undefined ? '' : ` at ${index}`;
  throw new HalftoneError('HT_INVALID_ARGUMENT', `${name} ${scale}${place}: a finite float32 > 0 is needed`, {
    index,
  });
}
