import { type CodeType, HalftoneError, type Scheme, schemeCodes, type Tensor } from '@halftone/core';
import { type CalibrationMethod, methods } from './observers/methods.ts';
import type { ObserverFactory } from './observers/observer.ts';
import type { FloatRunner } from './runner.ts';

/** How weights become codes. */
export interface WeightOptions {
  /** Default int8. */
  readonly dtype?: CodeType | undefined;
  /** Per output channel, or one scale a tensor; default per-channel. */
  readonly granularity?: 'per-channel' | 'per-tensor' | undefined;
  /** Default symmetric; asymmetric for uint8 per tensor. */
  readonly scheme?: Scheme | undefined;
}

/** How activations become codes; always one scale a tensor. */
export interface ActivationOptions {
  /** Default uint8. */
  readonly dtype?: CodeType | undefined;
  /** Default asymmetric. */
  readonly scheme?: Scheme | undefined;
}

/** What can ask a quantization to stop: an AbortSignal. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
}

/** Choices that static and dynamic quantization have in common. */
export interface CommonOptions {
  readonly weights?: WeightOptions | undefined;
  /** Weights use 7 bits, for x86 CPUs whose pair sums saturate at 16 bits; default false. */
  readonly reduceRange?: boolean | undefined;
  /** Names of nodes, or operator types, that stay float. A node without a name goes by that of its first output. */
  readonly exclude?: readonly string[] | undefined;
  /** Stops between batches by throwing the signal's reason. */
  readonly signal?: StopSignal | undefined;
}

/** Choices of `quantizeDynamic`. */
export type DynamicOptions = CommonOptions;

/** One batch of calibration data: a tensor for each graph input, by name. */
export type CalibrationBatch = Readonly<Record<string, Tensor>>;

/** How far a static quantization is. */
export interface CalibrationProgress {
  readonly batches: number;
  readonly samples: number;
}

/** Choices of `quantizeStatic`. */
export interface StaticOptions extends CommonOptions {
  /** Batches as the model takes them; read once, one at a time, and never kept. */
  readonly calibration: AsyncIterable<CalibrationBatch> | Iterable<CalibrationBatch>;
  /** What runs the float model. */
  readonly runner: FloatRunner;
  readonly activations?: ActivationOptions | undefined;
  /** How ranges follow from the data, by name or as an observer of one's own; default minmax. */
  readonly method?: CalibrationMethod | ObserverFactory | undefined;
  /** QuantizeLinear and DequantizeLinear around float operators (default), or ONNX's integer operators. */
  readonly format?: QuantizedFormat | undefined;
  /** Called after each batch. */
  readonly onProgress?: ((progress: CalibrationProgress) => void) | undefined;
}

/** How a quantized graph spells integer arithmetic. */
export type QuantizedFormat = 'qdq' | 'qoperator';

/** A dtype with the scheme of its codes. */
export interface CodeChoice {
  readonly dtype: CodeType;
  readonly scheme: Scheme;
}

/** Weight choices with the defaults filled in. */
export interface WeightChoice extends CodeChoice {
  readonly perChannel: boolean;
  readonly reduceRange: boolean;
}

/**
 * Fills in the defaults of weights.
 * Throws HT_INVALID_ARGUMENT for unknown names, HT_UNSUPPORTED for asymmetric weights per channel: kernels take one
 * zero point for all channels.
 */
export function weightChoice(options: CommonOptions): WeightChoice {
  const { dtype = 'int8', granularity = 'per-channel', scheme } = options.weights ?? {};
  if (granularity !== 'per-channel' && granularity !== 'per-tensor') {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `weights.granularity ${String(granularity)}: per-channel or per-tensor is needed`,
      { granularity },
    );
  }
  const perChannel = granularity === 'per-channel';
  const reduceRange = options.reduceRange ?? false;
  const chosen = scheme ?? (dtype === 'uint8' && !perChannel ? 'asymmetric' : 'symmetric');
  requireByte('weights', dtype);
  schemeCodes(dtype, chosen, reduceRange);
  if (perChannel && chosen === 'asymmetric') {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      'asymmetric weights per channel have a zero point a channel, which no convolution kernel takes; use scheme symmetric, or per-tensor',
      { dtype, scheme: chosen, granularity },
    );
  }
  return { dtype, scheme: chosen, perChannel, reduceRange };
}

/** Fills in the defaults of activations. Throws HT_INVALID_ARGUMENT for unknown names. */
export function activationChoice(options: ActivationOptions = {}): CodeChoice {
  const { dtype = 'uint8', scheme = 'asymmetric' } = options;
  requireByte('activations', dtype);
  schemeCodes(dtype, scheme);
  return { dtype, scheme };
}

// Core quantizes to more types than integer operators take.
function requireByte(what: 'weights' | 'activations', dtype: CodeType): void {
  if (dtype === 'int8' || dtype === 'uint8') return;
  throw new HalftoneError('HT_INVALID_ARGUMENT', `${what}.dtype ${String(dtype)}: int8 or uint8 is needed`, {
    dtype,
  });
}

/** The observer that `method` names, and the name for the report. Throws HT_INVALID_ARGUMENT for an unknown name. */
export function observerChoice(method: CalibrationMethod | ObserverFactory = 'minmax'): {
  readonly name: string;
  readonly observer: ObserverFactory;
} {
  if (typeof method === 'function') return { name: 'custom', observer: method };
  if (!Object.hasOwn(methods, method)) {
    const known = Object.keys(methods);
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown method ${String(method)}; one of ${known.join(', ')} is needed`,
      { method, known },
    );
  }
  return { name: method, observer: methods[method] };
}

/** The format with its default. Throws HT_INVALID_ARGUMENT for an unknown name. */
export function formatChoice(format: QuantizedFormat = 'qdq'): QuantizedFormat {
  if (format === 'qdq' || format === 'qoperator') return format;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `unknown format ${String(format)}; qdq or qoperator is needed`,
    { format },
  );
}

/** Throws the signal's reason once it is aborted. */
export function checkStop(signal: StopSignal | undefined): void {
  if (signal?.aborted) throw signal.reason;
}
