import { type AnyCodeType, type CodeType, dtypes, type HeldAs, heldAs } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import type { QuantParams } from '../numerics/params.ts';
import type { QuantizedTensor } from '../numerics/quantize.ts';
import { requantizeFactors, type RequantizeMode, requantizeMultiplier } from '../numerics/requantize.ts';
import type { AccumulatorOutput, PerChannel } from '../ops/accumulator.ts';
import { factorTensors } from '../ops/requantize.ts';
import { type Tensor, tensor } from '../tensor.ts';
import type { HostIO } from './contract.ts';
import { OpRunner } from './op-runner.ts';

type Codes = QuantizedTensor<CodeType>;

/** What an integer product becomes: raw int32 sums, floats, or codes with these parameters (one scale). */
export type ProductOutput = 'int32' | 'float32' | QuantParams<CodeType>;

/** Choices of `qgemm` and `qconv2d`; `O` decides the type of the result. */
export interface ProductOptions<O extends ProductOutput> {
  /** Default int32. */
  readonly output?: O;
  /** One value an output channel: int32, with the scale of a times b. */
  readonly bias?: Tensor<'int32'> | undefined;
  /** Lowest and highest code of a quantized output: a fused activation. */
  readonly clamp?: readonly [lo: number, hi: number] | undefined;
  /** How sums become codes; default ort-f32. */
  readonly mode?: RequantizeMode | undefined;
}

export interface QGemmOptions<O extends ProductOutput> extends ProductOptions<O> {
  /** B is stored [n, k]. */
  readonly transposeB?: boolean | undefined;
}

export interface QConv2dOptions<O extends ProductOutput> extends ProductOptions<O> {
  /** Default 1 along both axes. */
  readonly strides?: readonly [h: number, w: number] | undefined;
  readonly dilations?: readonly [h: number, w: number] | undefined;
  /** Default 0 on all sides. */
  readonly pads?: readonly [top: number, left: number, bottom: number, right: number] | undefined;
  /** Default 1. */
  readonly groups?: number | undefined;
}

/** The type of a product's result. */
export type ProductResult<O extends ProductOutput> = O extends 'int32' | 'float32' ? Tensor<O> : Codes;

/** A backend as users hold it: the ops that every backend must have as methods, all others through `call` and `prepare`. */
export class Backend extends OpRunner {
  /** Float32 to codes with given parameters. Throws HT_SHAPE_MISMATCH where they do not fit the axis. */
  async quantize<D extends AnyCodeType>(
    x: Tensor<'float32'>,
    params: QuantParams<D>,
  ): Promise<QuantizedTensor<D>> {
    const spec = { shape: x.shape, to: params.dtype, ...placeOf(params) };
    const { y } = await this.call('quantize', spec, { x, ...operands(params) });
    return quantized(y as Tensor<HeldAs<D>>, params);
  }

  /** Codes to float32. */
  async dequantize(q: QuantizedTensor): Promise<Tensor<'float32'>> {
    const { codes, params } = q;
    const spec = { shape: codes.shape, from: params.dtype, ...placeOf(params) };
    const { scale, zeroPoint } = operands(params);
    const io: HostIO =
      params.dtype === 'int32'
        ? { x: codes, scale: scale! }
        : { x: codes, scale: scale!, zeroPoint: zeroPoint! };
    return (await this.call('dequantize', spec, io))['y'] as Tensor<'float32'>;
  }

  /** Int32 sums of scale `from` (one, or one an index of `axis`) to codes; `mode` is ort-f32 where it is left out. */
  async requantize<D extends CodeType>(
    x: Tensor<'int32'>,
    from: ArrayLike<number>,
    to: QuantParams<D>,
    options: {
      readonly axis?: number;
      readonly clamp?: readonly [number, number];
      readonly mode?: RequantizeMode;
    } = {},
  ): Promise<QuantizedTensor<D>> {
    const spec = { shape: x.shape, to: to.dtype, mode: 'ort-f32', ...options } as const;
    const { y } = await this.call('requantize', spec, {
      x,
      ...factorOperands(spec.mode, from, 1, scalarScale(to, 'the output')),
      zeroPoint: operands(to)['zeroPoint']!,
    });
    return quantized(y as Tensor<HeldAs<D>>, to);
  }

  /**
   * A [m, k] times B [k, n] on codes. A has one scale; B one, or one a column. numerics 4.5.
   * Throws HT_SHAPE_MISMATCH and HT_INVALID_ARGUMENT for operands that do not fit.
   */
  async qgemm<O extends ProductOutput = 'int32'>(
    a: Codes,
    b: Codes,
    options: QGemmOptions<O> = {},
  ): Promise<ProductResult<O>> {
    const transposeB = options.transposeB ?? false;
    const [m = 0, k = 0] = matrix(a, 'a');
    const [rows = 0, columns = 0] = matrix(b, 'b');
    const [kb, n] = transposeB ? [columns, rows] : [rows, columns];
    if (k !== kb)
      throw new HalftoneError(
        'HT_SHAPE_MISMATCH',
        `qgemm: a has ${k} columns, b ${kb} rows; transposeB says that b is stored [n, k]`,
        { a: a.codes.shape, b: b.codes.shape },
      );
    const channelAxis = transposeB ? 0 : 1;
    const product = productOf('qgemm', a, b, channelAxis, options);
    const spec = {
      batch: 1,
      m,
      n,
      k,
      a: a.params.dtype,
      b: b.params.dtype,
      transposeB,
      bZeroPoint: product.zeroPoint,
      bias: product.bias,
      output: product.output,
    } as const;
    const io = {
      a: a.codes,
      b: b.codes,
      aZeroPoint: operands(a.params)['zeroPoint']!,
      bZeroPoint: product.weightZeroPoint,
      ...product.io,
    };
    return product.result((await this.call('qgemm', spec, io))['y']!, [m, n]);
  }

  /** Convolution of an NHWC image with OHWI weights on codes; weights have one scale, or one an output channel. */
  async qconv2d<O extends ProductOutput = 'int32'>(
    x: Codes,
    w: Codes,
    options: QConv2dOptions<O> = {},
  ): Promise<ProductResult<O>> {
    const [n, h, width, c] = image(x, 'x');
    const [o, kh, kw] = image(w, 'w');
    const product = productOf('qconv2d', x, w, 0, options);
    const spec = {
      n,
      h,
      w: width,
      c,
      o,
      kernel: [kh, kw],
      groups: options.groups ?? 1,
      strides: options.strides ?? [1, 1],
      dilations: options.dilations ?? [1, 1],
      pads: options.pads ?? [0, 0, 0, 0],
      x: x.params.dtype,
      weights: w.params.dtype,
      wZeroPoint: product.zeroPoint,
      bias: product.bias,
      output: product.output,
    } as const;
    const io = {
      x: x.codes,
      w: w.codes,
      xZeroPoint: operands(x.params)['zeroPoint']!,
      wZeroPoint: product.weightZeroPoint,
      ...product.io,
    };
    const y = (await this.call('qconv2d', spec, io))['y']!;
    return product.result(y, y.shape);
  }
}

interface Product<O extends ProductOutput> {
  readonly zeroPoint: PerChannel;
  readonly weightZeroPoint: Tensor;
  readonly bias: 'none' | 'int32';
  readonly output: AccumulatorOutput;
  readonly io: HostIO;
  result(y: Tensor, shape: readonly number[]): ProductResult<O>;
}

function productOf<O extends ProductOutput>(
  op: string,
  a: Codes,
  w: Codes,
  channelAxis: number,
  options: ProductOptions<O>,
): Product<O> {
  const output: ProductOutput = options.output ?? 'int32';
  const aScale = scalarScale(a.params, `${op}: the first operand`);
  const { axis } = w.params;
  if (axis !== undefined && axis !== channelAxis) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `${op}: weights have a scale for each index of axis ${axis}; axis ${channelAxis}, that of the output channels, is needed`,
      { op, axis },
    );
  }
  const kind: PerChannel = axis === undefined ? 'per-tensor' : 'per-channel';
  const io: Record<string, Tensor> = options.bias ? { bias: options.bias } : {};
  const common = {
    zeroPoint: kind,
    weightZeroPoint: operands(w.params)['zeroPoint']!,
    bias: options.bias ? 'int32' : 'none',
    io,
  } as const;
  if (output === 'int32')
    return {
      ...common,
      output: { type: 'int32' },
      result: (y, shape) => ({ ...y, shape }) as ProductResult<O>,
    };
  if (output === 'float32') {
    io['multiplier'] = tensor('float32', requantizeMultiplier(aScale, w.params.scale, 1));
    return {
      ...common,
      output: { type: 'float32', multiplier: kind },
      result: (y, shape) => ({ ...y, shape }) as ProductResult<O>,
    };
  }
  const mode = options.mode ?? 'ort-f32';
  const yScale = scalarScale(output, `${op}: the output`);
  Object.assign(io, factorOperands(mode, aScale, w.params.scale, yScale));
  io['zeroPoint'] = operands(output)['zeroPoint']!;
  const clamp = options.clamp ? { clamp: options.clamp } : {};
  return {
    ...common,
    output: { type: 'codes', dtype: output.dtype, mode, multiplier: kind, ...clamp },
    result: (y, shape) => quantized({ ...y, shape } as Tensor<CodeType>, output) as ProductResult<O>,
  };
}

function factorOperands(
  mode: RequantizeMode,
  sa: number | ArrayLike<number>,
  sb: number | ArrayLike<number>,
  sy: number,
): Record<string, Tensor> {
  return factorTensors(requantizeFactors(mode, sa, sb, sy));
}

function quantized<D extends AnyCodeType>(
  codes: Tensor<HeldAs<D>>,
  params: QuantParams<D>,
): QuantizedTensor<D> {
  return { codes, params, scale: params.scale, zeroPoint: params.zeroPoint };
}

function placeOf({ axis, block }: QuantParams): { readonly axis?: number; readonly block?: number } {
  return { ...(axis === undefined ? {} : { axis }), ...(block === undefined ? {} : { block }) };
}

/** Parameters as operands; zero points in the dtype of their codes, zeros where a scheme has none. */
function operands(params: QuantParams): Record<string, Tensor> {
  const dtype = heldAs(params.dtype);
  const zeros = new dtypes[dtype].Array(params.scale.length);
  if (params.zeroPoint) zeros.set(params.zeroPoint);
  return {
    scale: tensor('float32', params.scale),
    zeroPoint: { dtype, shape: [zeros.length], data: zeros } as Tensor,
  };
}

function scalarScale(params: QuantParams, whose: string): number {
  const [scale] = params.scale;
  if (params.scale.length !== 1 || scale === undefined) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `${whose} has ${params.scale.length} scales; one is needed`,
      { scales: params.scale.length },
    );
  }
  return scale;
}

function matrix(q: Codes, name: string): readonly number[] {
  if (q.codes.shape.length !== 2)
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${name} is [${q.codes.shape.join(', ')}]; a matrix is needed`,
      { operand: name },
    );
  return q.codes.shape;
}

function image(q: Codes, name: string): readonly [number, number, number, number] {
  if (q.codes.shape.length !== 4)
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${name} is [${q.codes.shape.join(', ')}]; four axes are needed`,
      { operand: name },
    );
  return q.codes.shape as unknown as readonly [number, number, number, number];
}
