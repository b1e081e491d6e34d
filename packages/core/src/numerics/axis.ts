import { HalftoneError } from '../errors.ts';
import { sizeOf } from '../tensor.ts';
import type { Granularity } from './params.ts';

/** A row-major array seen as [outer, channels, inner], the channels being one axis of its shape. */
export interface AxisLayout {
  readonly outer: number;
  readonly channels: number;
  readonly inner: number;
}

/**
 * The axis that a granularity names for a tensor of `rank` axes, counted from 0; undefined per tensor.
 * Throws HT_INVALID_ARGUMENT for an unknown granularity and an axis out of [-rank, rank).
 */
export function granularityAxis(granularity: Granularity, rank: number): number | undefined {
  if (granularity === 'per-tensor') return undefined;
  const named = granularity === 'per-channel' || granularity === 'per-row';
  if (!named && (typeof granularity !== 'object' || granularity === null)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown granularity ${String(granularity)}; per-tensor, per-channel, per-row or { axis } is needed`,
      { granularity },
    );
  }
  const axis = named ? 0 : granularity.axis;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `axis ${axis} of a tensor with ${rank} axes: an integer from ${-rank} to ${rank - 1} is needed; a scalar is quantized per-tensor`,
      { axis, rank },
    );
  }
  return axis < 0 ? axis + rank : axis;
}

/** Splits a shape at `axis`; without one there is a single channel of all elements. Shape and axis are valid. */
export function axisLayout(shape: readonly number[], axis: number | undefined): AxisLayout {
  if (axis === undefined) return { outer: 1, channels: 1, inner: sizeOf(shape) };
  return {
    outer: sizeOf(shape.slice(0, axis)),
    channels: shape[axis] as number,
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/**
 * Layout of `length` elements for parameters along `axis`.
 * Throws HT_INVALID_ARGUMENT for an axis that the shape lacks, HT_SHAPE_MISMATCH where counts do not fit.
 */
export function paramLayout(
  length: number,
  shape: readonly number[] | undefined,
  axis: number | undefined,
  scales: number,
): AxisLayout {
  if (
    axis !== undefined &&
    (shape === undefined || !Number.isInteger(axis) || axis < 0 || axis >= shape.length)
  ) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `parameters along axis ${axis} need a shape that has it, not ${describe(shape)}`,
      {
        axis,
        shape,
      },
    );
  }
  const layout = axisLayout(shape ?? [length], axis);
  if (layout.outer * layout.channels * layout.inner !== length) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `shape ${describe(shape)} does not hold ${length} elements; pass the array's own shape`,
      {
        shape,
        length,
      },
    );
  }
  if (layout.channels !== scales) {
    const place = axis === undefined ? 'per tensor' : `along axis ${axis} of shape ${describe(shape)}`;
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${scales} scales or zero points ${place}: ${layout.channels} needed`,
      {
        axis,
        shape,
        count: scales,
      },
    );
  }
  return layout;
}

function describe(shape: readonly number[] | undefined): string {
  return shape === undefined ? 'undefined' : `[${shape.join(', ')}]`;
}
