import { type AnyCodeType, type ArrayOf, codeRange, type HeldAs, heldAs, isCodeType } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import { type Tensor, zeros } from '../tensor.ts';
import {
  axisLayout,
  forEachParamRun,
  granularityPlace,
  paramLayout,
  paramsOf,
  type ParamPlace,
} from './axis.ts';
import {
  type ParamArithmetic,
  type Granularity,
  type QuantParams,
  type Scheme,
  type ValueRange,
  chooseParams,
  hasZeroPoint,
  schemeCodes,
  symmetricZeroPoint,
} from './params.ts';
import { exponentOf, powerOfTwo } from './power-of-two.ts';
import { arrayRanges } from './ranges.ts';
import type { Rounding } from './round.ts';
import { type StochasticRounding, indexedRounder } from './stochastic.ts';

/** Codes and what turns them back into reals: `real = scale * (code - zeroPoint)`. */
export interface QuantizedTensor<D extends AnyCodeType | 'int32' = AnyCodeType | 'int32'> {
  readonly codes: Tensor<HeldAs<D>>;
  readonly params: QuantParams<D>;
  /** Same array as `params.scale`. */
  readonly scale: Float32Array;
  /** Same array as `params.zeroPoint`. */
  readonly zeroPoint: Int32Array | undefined;
}

/** What `quantizeTensor` gives: plain data, and its steps by name. */
export class Quantized<D extends AnyCodeType = AnyCodeType> implements QuantizedTensor<D> {
  readonly codes: Tensor<HeldAs<D>>;
  readonly params: QuantParams<D>;
  readonly scale: Float32Array;
  readonly zeroPoint: Int32Array | undefined;

  constructor(codes: Tensor<HeldAs<D>>, params: QuantParams<D>) {
    this.codes = codes;
    this.params = params;
    this.scale = params.scale;
    this.zeroPoint = params.zeroPoint;
  }

  /** What a code is multiplied by: the scales of the parameters. */
  step(): Float32Array {
    return this.scale.slice();
  }

  /**
   * What a real is multiplied by, `f32(1 / step)`: "scale" in texts that multiply to quantize. The codes here come from
   * a division; a product with this is rounded twice and may give another code near a tie.
   * Infinity for a step of 2^-128 or less.
   */
  multiplier(): Float32Array {
    return this.scale.map((step) => 1 / step);
  }
}

/** Choices of `quantizeTensor`. Lists have one element for each index of the axis, or for each block; one value serves all. */
export interface QuantizeOptions<D extends AnyCodeType = AnyCodeType> {
  /** Default int8. */
  readonly dtype?: D | undefined;
  /** Default symmetric for signed types, asymmetric for unsigned ones and where a zero point is given. */
  readonly scheme?: Scheme | undefined;
  /** Default per-tensor. */
  readonly granularity?: Granularity | undefined;
  /** Real values to cover, instead of those of the data; what lies outside saturates. */
  readonly range?: ValueRange | readonly ValueRange[] | undefined;
  /** The step by hand, finite and > 0; rounded to float32. Excludes `range`. */
  readonly scale?: number | ArrayLike<number> | undefined;
  /** Codes of the real 0, with `scale`; default 0, or the middle (128 of uint8) for symmetric unsigned types. */
  readonly zeroPoint?: number | ArrayLike<number> | undefined;
  /** Default half-even, the only one of ONNX. */
  readonly rounding?: Rounding | StochasticRounding | undefined;
  /** `round(f32(x / scale) + zeroPoint)`, the sum in f64, as some texts and engines have it; default false. */
  readonly roundAfterZeroPoint?: boolean | undefined;
  /** Precision in which scale and zero point are derived; default f64. */
  readonly arithmetic?: ParamArithmetic | undefined;
  /** Leaves a bit unused; see `schemeCodes`. */
  readonly reduceRange?: boolean | undefined;
}

/**
 * Quantizes a float32 tensor of any shape: `saturate(round(f32(x / scale)) + zeroPoint)`; the input is not changed.
 * Parameters come from the data's smallest and largest value (NaN is skipped), from `range`, or are `scale` and
 * `zeroPoint`. Codes stay within those of the scheme (`schemeCodes`); with `scale` by hand, within those of the dtype,
 * as in QuantizeLinear. NaN becomes the lowest code, infinities saturate.
 * Throws HT_INVALID_ARGUMENT for infinite data without `range` or `scale` (no finite step would cover them) and for
 * options that contradict each other, HT_SHAPE_MISMATCH for lists of the wrong length, HT_DTYPE_MISMATCH for other input.
 * ONNX QuantizeLinear as ONNX Runtime computes it.
 */
export function quantizeTensor<D extends AnyCodeType = 'int8'>(
  x: Tensor<'float32'>,
  options: QuantizeOptions<D> = {},
): Quantized<D> {
  if (x.dtype !== 'float32' || !(x.data instanceof Float32Array)) {
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `quantizeTensor needs a float32 tensor, not ${String(x.dtype)}`,
      { dtype: x.dtype },
    );
  }
  const dtype = (options.dtype ?? 'int8') as D;
  const scheme = options.scheme ?? defaultScheme(dtype, options);
  const place = granularityPlace(options.granularity ?? 'per-tensor', x.shape.length);
  const byScale = options.scale !== undefined;
  const params = byScale
    ? paramsByHand(dtype, scheme, x.shape, place, options)
    : chooseParams(rangesOf(x, place, options), {
        dtype,
        scheme,
        ...place,
        reduceRange: options.reduceRange,
        arithmetic: options.arithmetic,
      });
  const codes = zeros(heldAs(dtype), x.shape);
  quantizeArray(x.data, params, codes.data, {
    shape: x.shape,
    rounding: options.rounding,
    roundAfterZeroPoint: options.roundAfterZeroPoint,
    codes: byScale ? codeRange(dtype) : schemeCodes(dtype, scheme, options.reduceRange),
  });
  return new Quantized(codes, params);
}

/** Elements that codes are held in. */
export type CodeArray = ArrayOf[HeldAs<AnyCodeType>];

/** Details of `quantizeArray`. */
export interface QuantizeArrayOptions {
  /** Shape of the array; needed where the parameters have an axis. */
  readonly shape?: readonly number[] | undefined;
  /** Default half-even. */
  readonly rounding?: Rounding | StochasticRounding | undefined;
  /** Adds the zero point before rounding, in f64; default false. The two differ on ties where the zero point is odd. */
  readonly roundAfterZeroPoint?: boolean | undefined;
  /** Where codes saturate, within the dtype; default the range of the dtype. */
  readonly codes?: readonly [min: number, max: number] | undefined;
}

/**
 * Quantizes an array into `out`, which has its length: `saturate(round(f32(x / scale)) + zeroPoint)`.
 * NaN becomes the lowest code, infinities saturate.
 * Throws HT_SHAPE_MISMATCH where lengths differ, HT_INVALID_ARGUMENT for an axis that the shape lacks.
 * ONNX QuantizeLinear as ONNX Runtime computes it: f32 division, clamp, ties to even, then the zero point.
 */
export function quantizeArray(
  x: Float32Array,
  params: QuantParams<AnyCodeType>,
  out: CodeArray,
  options: QuantizeArrayOptions = {},
): void {
  const { scale, zeroPoint } = params;
  const layout = paramLayout(x.length, options.shape, params, scale.length);
  sameLength(x.length, out.length);
  const [min, max] = options.codes ?? codeRange(params.dtype);
  const round = indexedRounder(options.rounding ?? 'half-even');
  const after = options.roundAfterZeroPoint ?? false;
  forEachParamRun(layout, (begin, end, first, stride) => {
    for (let i = begin, p = first; i < end; i++, p += stride) {
      const zero = zeroPoint?.[p] ?? 0;
      // The part of the zero point that is added before rounding, and the part after.
      const inside = after ? zero : 0;
      const outside = zero - inside;
      const t = Math.fround((x[i] as number) / (scale[p] as number)) + inside;
      // The clamp's ends are integers, so it commutes with rounding, and comparisons send NaN to the lowest code.
      const low = min - outside;
      const high = max - outside;
      out[i] = round(t > low ? (t < high ? t : high) : low, i) + outside;
    }
  });
}

/**
 * Turns codes (or int32 sums, as of biases and accumulators) back into reals: `f32(f32(code - zeroPoint) * scale)`.
 * Throws HT_SHAPE_MISMATCH or HT_INVALID_ARGUMENT where the parameters do not fit the codes.
 * ONNX DequantizeLinear as ONNX Runtime computes it: an int32 code is rounded to f32 before the product.
 */
export function dequantizeTensor(q: {
  readonly codes: Tensor<HeldAs<AnyCodeType | 'int32'>>;
  readonly params: QuantParams;
}): Tensor<'float32'> {
  const out = zeros('float32', q.codes.shape);
  dequantizeArray(q.codes.data, q.params, out.data, { shape: q.codes.shape });
  return out;
}

/**
 * Dequantizes an array of codes into `out`, which has its length; `shape` is needed where the parameters have an axis.
 * Throws HT_SHAPE_MISMATCH where lengths differ, HT_INVALID_ARGUMENT for an axis that the shape lacks.
 */
export function dequantizeArray(
  codes: CodeArray | Int32Array,
  params: QuantParams,
  out: Float32Array,
  options: { readonly shape?: readonly number[] | undefined } = {},
): void {
  const { scale, zeroPoint } = params;
  const layout = paramLayout(codes.length, options.shape, params, scale.length);
  sameLength(codes.length, out.length);
  forEachParamRun(layout, (begin, end, first, stride) => {
    for (let i = begin, p = first; i < end; i++, p += stride)
      out[i] = Math.fround((codes[i] as number) - (zeroPoint?.[p] ?? 0)) * (scale[p] as number);
  });
}

function defaultScheme(dtype: AnyCodeType, { zeroPoint }: QuantizeOptions): Scheme {
  const signed = isCodeType(dtype) && codeRange(dtype)[0] < 0;
  return signed && zeroPoint === undefined ? 'symmetric' : 'asymmetric';
}

function rangesOf(
  x: Tensor<'float32'>,
  place: ParamPlace,
  { range, zeroPoint }: QuantizeOptions,
): ValueRange | readonly ValueRange[] {
  if (zeroPoint !== undefined) {
    throw new HalftoneError('HT_INVALID_ARGUMENT', 'zeroPoint by hand needs scale by hand too', {
      zeroPoint,
    });
  }
  const layout = axisLayout(x.shape, place);
  const count = paramsOf(layout);
  const ranges =
    range === undefined
      ? arrayRanges(x.data, layout)
      : 'min' in range
        ? Array.from({ length: count }, () => range)
        : range;
  if (ranges.length !== count) throw wrongCount('range', ranges.length, count);
  return place.axis === undefined ? (ranges[0] as ValueRange) : ranges;
}

function paramsByHand<D extends AnyCodeType>(
  dtype: D,
  scheme: Scheme,
  shape: readonly number[],
  place: ParamPlace,
  options: QuantizeOptions,
): QuantParams<D> {
  const count = paramsOf(axisLayout(shape, place));
  const codes = schemeCodes(dtype, scheme, options.reduceRange);
  if (options.range !== undefined) {
    throw new HalftoneError('HT_INVALID_ARGUMENT', 'scale and range exclude each other: pass one', {
      range: options.range,
    });
  }
  const steps = spread('scale', options.scale as number | ArrayLike<number>, count);
  const scale = Float32Array.from(steps);
  scale.forEach((s, index) => {
    if (!(s > 0 && s < Infinity)) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `scale ${steps[index]} at ${index}: a finite float32 > 0 is needed`,
        { index },
      );
    }
    if (scheme === 'fixed-point' && s !== powerOfTwo(exponentOf(s))) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `scale ${steps[index]} at ${index}: fixed-point needs a power of two`,
        { index },
      );
    }
  });
  const given = spread('zeroPoint', options.zeroPoint ?? symmetricZeroPoint(scheme, codes), count);
  const carried = hasZeroPoint(dtype, scheme);
  const [min, max] = carried ? codeRange(dtype) : [0, 0];
  given.forEach((zero, index) => {
    if (!Number.isInteger(zero) || zero < min || zero > max) {
      const wanted = min === max ? `${min}` : `an integer from ${min} to ${max}`;
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `zeroPoint ${zero} at ${index}: ${scheme} ${dtype} needs ${wanted}`,
        { index },
      );
    }
  });
  return { dtype, scale, zeroPoint: carried ? Int32Array.from(given) : undefined, axis: undefined, ...place };
}

function spread(name: string, value: number | ArrayLike<number>, count: number): number[] {
  const list = typeof value === 'number' ? Array.from({ length: count }, () => value) : Array.from(value);
  if (list.length !== count) throw wrongCount(name, list.length, count);
  return list;
}

function wrongCount(name: string, count: number, needed: number): HalftoneError {
  return new HalftoneError(
    'HT_SHAPE_MISMATCH',
    `${name} has ${count} elements, ${needed} needed: one for each index of the axis, or for each block`,
    {
      count,
      needed,
    },
  );
}

function sameLength(from: number, to: number): void {
  if (from !== to) {
    throw new HalftoneError('HT_SHAPE_MISMATCH', `out has ${to} elements, ${from} needed`, {
      length: to,
      needed: from,
    });
  }
}
