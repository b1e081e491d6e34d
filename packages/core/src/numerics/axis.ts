import { HalftoneError } from '../errors.ts';
import { sizeOf } from '../tensor.ts';
import type { Granularity } from './params.ts';

/**
 * A row-major array seen as [outer, channels, inner], the channels being one axis of its shape. Each channel has one
 * parameter; with `block`, each position of [outer, inner] has one for every `block` channels, the last block may be short.
 */
export interface AxisLayout {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
  readonly block: number | undefined;
}

/** Where parameters stand along an array: one axis, counted from 0, and how many of its indices share one. */
export interface ParamPlace {
  readonly axis?: number | undefined;
  readonly block?: number | undefined;
}

/**
 * Where a granularity places parameters on a tensor of `rank` axes; no axis per tensor.
 * Throws HT_INVALID_ARGUMENT for an unknown granularity, an axis out of [-rank, rank) and a block that is no integer > 0.
 */
export function granularityPlace(granularity: Granularity, rank: number): ParamPlace {
  if (granularity === 'per-tensor') return {};
  const named = granularity === 'per-channel' || granularity === 'per-row';
  if (!named && (typeof granularity !== 'object' || granularity === null)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown granularity ${String(granularity)}; per-tensor, per-channel, per-row, { axis } or { axis, block } is needed`,
      { granularity },
    );
  }
  const { axis, block } = named ? { axis: 0, block: undefined } : granularity;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `axis ${axis} of a tensor with ${rank} axes: an integer from ${-rank} to ${rank - 1} is needed; a scalar is quantized per-tensor`,
      { axis, rank },
    );
  }
  requireBlock(block);
  return { axis: axis < 0 ? axis + rank : axis, block };
}

/** Throws HT_INVALID_ARGUMENT for a block that is given and is no integer > 0. */
function requireBlock(block: number | undefined): void {
  if (block === undefined || (Number.isInteger(block) && block > 0)) return;
  throw new HalftoneError('HT_INVALID_ARGUMENT', `block ${block}: an integer > 0 is needed`, { block });
}

/** Splits a shape at an axis; without one there is a single channel of all elements. Shape and place are valid. */
export function axisLayout(shape: readonly number[], { axis, block }: ParamPlace): AxisLayout {
  if (axis === undefined) return { outer: 1, channels: 1, inner: sizeOf(shape), block: undefined };
  return {
    outer: sizeOf(shape.slice(0, axis)),
    channels: shape[axis] as number,
    inner: sizeOf(shape.slice(axis + 1)),
    block,
  };
}

/** How many parameters a layout has. */
export function paramsOf({ outer, channels, inner, block }: AxisLayout): number {
  return block === undefined ? channels : outer * Math.ceil(channels / block) * inner;
}

/**
 * Calls `visit` for runs of elements in order of memory: element `begin + i` has the parameter `first + i * stride`.
 * `stride` is 0 where a run shares one.
 */
export function forEachParamRun(
  { outer, channels, inner, block }: AxisLayout,
  visit: (begin: number, end: number, first: number, stride: 0 | 1) => void,
): void {
  if (block === undefined) {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let channel = 0; channel < channels; channel++, at += inner) visit(at, at + inner, channel, 0);
    }
    return;
  }
  const blocks = Math.ceil(channels / block);
  // Along the last axis a block is one run; along another it is as many rows of `inner` parameters each.
  const rows = inner === 1 ? 1 : block;
  const row = inner === 1 ? block : inner;
  for (let o = 0, at = 0, end = 0; o < outer; o++) {
    const rest = (o + 1) * channels * inner;
    for (let b = 0; b < blocks; b++) {
      const first = (o * blocks + b) * inner;
      for (let r = 0; r < rows && at < rest; r++, at = end) {
        end = Math.min(at + row, rest);
        visit(at, end, first, inner === 1 ? 0 : 1);
      }
    }
  }
}

/**
 * Layout of `length` elements for parameters in a place.
 * Throws HT_INVALID_ARGUMENT for an axis that the shape lacks, HT_SHAPE_MISMATCH where counts do not fit.
 */
export function paramLayout(
  length: number,
  shape: readonly number[] | undefined,
  place: ParamPlace,
  scales: number,
): AxisLayout {
  const { axis, block } = place;
  if (
    axis === undefined
      ? block !== undefined
      : shape === undefined || !Number.isInteger(axis) || axis < 0 || axis >= shape.length
  ) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `parameters along axis ${axis} need a shape that has it, not ${describe(shape)}`,
      { axis, block, shape },
    );
  }
  requireBlock(block);
  const layout = axisLayout(shape ?? [length], place);
  if (layout.outer * layout.channels * layout.inner !== length) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `shape ${describe(shape)} does not hold ${length} elements; pass the array's own shape`,
      { shape, length },
    );
  }
  const needed = paramsOf(layout);
  if (needed !== scales) {
    const along = axis === undefined ? 'per tensor' : `along axis ${axis} of shape ${describe(shape)}`;
    const blocks = block === undefined ? '' : ` in blocks of ${block}`;
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${scales} scales or zero points ${along}${blocks}: ${needed} needed`,
      { axis, block, shape, count: scales },
    );
  }
  return layout;
}

function describe(shape: readonly number[] | undefined): string {
  return shape === undefined ? 'undefined' : `[${shape.join(', ')}]`;
}
