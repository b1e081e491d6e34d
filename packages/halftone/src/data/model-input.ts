import { dataInvalid } from './data-file.ts';

/** One input of a model, as far as data have to fit it. */
export interface ModelInput {
  readonly name: string;
  /** Element type by its ONNX name in lower case, such as float32. */
  readonly dtype: string;
  /** Extents: a number, a name, or undefined where it is open; undefined as a whole where even the rank is. */
  readonly shape: readonly (number | string | undefined)[] | undefined;
}

/** A shape for messages, such as [N, 3, ?, ?]. */
export function formatShape(shape: ModelInput['shape']): string {
  return shape ? `[${shape.map((extent) => extent ?? '?').join(', ')}]` : '[...]';
}

/**
 * Shape of a feed that holds one sample of shape `row`: the row with a batch axis of 1, reshaped to the input's
 * extents where their count agrees. An input without a free or unit first axis takes the sample as a whole.
 * Throws HT_DATA_INVALID.
 */
export function feedShape(input: ModelInput, row: readonly number[], source: string): number[] {
  const { shape } = input;
  if (!shape) return [1, ...row];
  const [batch, ...rest] = shape;
  const batched = shape.length > 0 && (typeof batch !== 'number' || batch === 1);
  const sample = batched ? rest : shape;
  const prefix = batched ? [1] : [];
  if (sample.every((extent) => typeof extent === 'number')) {
    if (product(sample) === product(row)) return [...prefix, ...sample];
  } else {
    // Open extents come from the row; only a row of the same axes says which is which.
    const axes = batched && row.length === sample.length + 1 && row[0] === 1 ? row.slice(1) : row;
    const fits = (extent: number, i: number): boolean =>
      typeof sample[i] !== 'number' || sample[i] === extent;
    if (axes.length === sample.length && axes.every(fits)) return [...prefix, ...axes];
  }
  throw dataInvalid(
    source,
    `a sample of shape [${row.join(', ')}] does not fit the input ${input.name} ${formatShape(shape)}; ` +
      `the first axis of an array counts its samples`,
    { input: input.name, shape, row },
  );
}

function product(extents: readonly number[]): number {
  return extents.reduce((count, extent) => count * extent, 1);
}

/** Where a model's image input has its channels, and the extents that it fixes. */
export interface ImageInput {
  readonly layout: 'NCHW' | 'NHWC';
  readonly channels: 1 | 3;
  readonly height: number | undefined;
  readonly width: number | undefined;
}

/**
 * Layout of an image input of four axes: the axis of extent 1 or 3, the second or the last, holds the channels.
 * Throws HT_DATA_INVALID where neither or each of the two could.
 */
export function imageInput(input: ModelInput, source: string): ImageInput {
  const { shape } = input;
  const [batch, second, third, last] = shape ?? [];
  const refuse = (why: string): never => {
    throw dataInvalid(source, `images do not fit the input ${input.name} ${formatShape(shape)}: ${why}`, {
      input: input.name,
      shape,
    });
  };
  if (shape?.length !== 4) return refuse('four axes are needed; give the samples as arrays (.npy, .npz)');
  if (typeof batch === 'number' && batch !== 1) return refuse('its batch axis is neither 1 nor free');
  const first = asChannels(second);
  const final = asChannels(last);
  if (first && final)
    return refuse('both its second and its last axis could hold the channels; give arrays instead');
  const channels = first ?? final;
  if (!channels) return refuse('neither its second nor its last axis is 1 or 3');
  const [height, width] = first ? [third, last] : [second, third];
  return { layout: first ? 'NCHW' : 'NHWC', channels, height: fixed(height), width: fixed(width) };
}

function asChannels(extent: number | string | undefined): 1 | 3 | undefined {
  return extent === 1 || extent === 3 ? extent : undefined;
}

function fixed(extent: number | string | undefined): number | undefined {
  return typeof extent === 'number' ? extent : undefined;
}
