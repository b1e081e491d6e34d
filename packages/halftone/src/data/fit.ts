import { type DType, dtypes, isDType, HalftoneError, type Tensor, type TypedArray } from '@halftone/core';
import { dataInvalid, usageError } from './data-file.ts';
import { feedShape, formatShape, type ModelInput } from './model-input.ts';
import type { NpyArray } from './npy.ts';

/** What is done to the values of an array after the cast: (x * scale - mean) / std. */
export interface ArrayScaling {
  readonly scale?: number | undefined;
  /** One value, or one for each channel. */
  readonly mean?: number | readonly number[] | undefined;
  readonly std?: number | readonly number[] | undefined;
}

/** True where any of scale, mean and std is given. */
export function hasScaling(scaling: ArrayScaling): boolean {
  return scaling.scale !== undefined || scaling.mean !== undefined || scaling.std !== undefined;
}

/** Makes tensors for one input out of arrays of one sample each. */
export type Fitter = (array: NpyArray, source: string) => Tensor;

/**
 * A fitter for `input`: cast to its type, reshaped to its extents where the counts agree, then scaled.
 * Integer inputs take whole numbers in range only and are never scaled.
 * Throws HT_INVALID_ARGUMENT for scaling that is out of its domain, HT_UNSUPPORTED for an input type that tensors
 * do not hold; the fitter throws HT_DATA_INVALID for data that do not fit.
 */
export function fitterFor(input: ModelInput, scaling: ArrayScaling = {}): Fitter {
  const { dtype } = input;
  if (!isDType(dtype)) {
    const known = Object.keys(dtypes).join(', ');
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `input ${input.name} takes ${dtype}; data are read for ${known}`,
      {
        input: input.name,
        dtype,
      },
    );
  }
  const factors = dtype === 'float32' && hasScaling(scaling) ? checkScaling(scaling) : undefined;
  return (array, source) => {
    const shape = feedShape(input, array.shape, source);
    const data = cast(array, dtype, source);
    if (factors) scaleInPlace(data as Float32Array, shape, factors, input, source);
    return { dtype, shape: Object.freeze(shape), data };
  };
}

function cast(array: NpyArray, dtype: DType, source: string): TypedArray {
  const { data } = array;
  const { Array: Ctor, range } = dtypes[dtype];
  if (dtype === 'float32') return Float32Array.from(data as ArrayLike<number | bigint>, Number);
  const [least, most] = range ?? [-9223372036854775808n, 9223372036854775807n];
  const result = new Ctor(data.length);
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number | bigint;
    // Wrapping or rounding here would change the data without a word.
    if (!(value >= least && value <= most) || (typeof value === 'number' && !Number.isInteger(value))) {
      throw dataInvalid(source, `element ${i} is ${value}, which ${dtype} does not hold`, {
        index: i,
        value: String(value),
        dtype,
      });
    }
    result[i] = (dtype === 'int64' ? BigInt(value) : Number(value)) as never;
  }
  return result;
}

interface Factors {
  scale: number;
  mean: readonly number[];
  std: readonly number[];
}

/** Checked scaling, with lists of length 1 where one value serves all channels. Throws HT_INVALID_ARGUMENT. */
function checkScaling(scaling: ArrayScaling): Factors {
  const list = (value: number | readonly number[] | undefined, fallback: number): readonly number[] =>
    value === undefined ? [fallback] : typeof value === 'number' ? [value] : value;
  const mean = list(scaling.mean, 0);
  const std = list(scaling.std, 1);
  const scale = scaling.scale ?? 1;
  const checks: [option: string, ok: boolean, need: string][] = [
    ['--scale', Number.isFinite(scale) && scale !== 0, 'a finite number other than 0'],
    ['--mean', mean.length > 0 && mean.every(Number.isFinite), 'finite numbers'],
    [
      '--std',
      std.length > 0 && std.every((value) => Number.isFinite(value) && value > 0),
      'positive numbers',
    ],
  ];
  for (const [option, ok, need] of checks) {
    if (!ok) throw usageError(option, `${option} takes ${need}`, { ...scaling });
  }
  if (mean.length > 1 && std.length > 1 && mean.length !== std.length) {
    throw usageError('--std', `--mean has ${mean.length} values, --std ${std.length}; give as many`, {
      mean,
      std,
    });
  }
  return { scale, mean, std };
}

function scaleInPlace(
  data: Float32Array,
  shape: readonly number[],
  factors: Factors,
  input: ModelInput,
  source: string,
): void {
  const { scale, mean, std } = factors;
  const channels = Math.max(mean.length, std.length);
  const axis = channels === 1 ? 0 : channelAxis(shape, channels);
  if (axis === undefined) {
    throw usageError(
      mean.length > 1 ? '--mean' : '--std',
      `${source}: ${channels} values for the channels do not fit the input ${input.name} ${formatShape(shape)}`,
      { input: input.name, shape, channels },
    );
  }
  let inner = 1;
  for (const extent of shape.slice(axis + 1)) inner *= extent;
  for (let i = 0; i < data.length; i++) {
    const channel = channels === 1 ? 0 : Math.floor(i / inner) % channels;
    const m = mean[mean.length === 1 ? 0 : channel] as number;
    const s = std[std.length === 1 ? 0 : channel] as number;
    data[i] = ((data[i] as number) * scale - m) / s;
  }
}

/** The second axis or the last one, whichever has that extent; undefined where neither or each does. */
function channelAxis(shape: readonly number[], channels: number): number | undefined {
  const last = shape.length - 1;
  const second = shape[1] === channels;
  const final = last > 1 && shape[last] === channels;
  if (second === final) return undefined;
  return second ? 1 : last;
}
