// y[i] = x[start + sum of index[axis] * steps[axis]]; slice: multiples of the strides; expand: 0 along repeated axes
import type { HostOp } from '../backend/host-backend.ts';
import { broadcastStrides } from '../ops/broadcast.ts';
import type { ExpandSpec, SliceSpec } from '../ops/move.ts';
import { stridesOf } from '../tensor.ts';
import { movable } from './movable.ts';

/** Elements at regular places. */
export const slice: HostOp<SliceSpec> = (spec, io) => {
  const strides = stridesOf(spec.shape);
  const start = spec.starts.reduce((sum, first, axis) => sum + first * strides[axis]!, 0);
  const steps = spec.steps.map((step, axis) => step * strides[axis]!);
  walk(spec.extents, steps, start, movable(io, 'x'), movable(io, 'y'));
};

/** Elements repeated along axes. */
export const expand: HostOp<ExpandSpec> = (spec, io) =>
  walk(spec.to, broadcastStrides(spec.shape, spec.to), 0, movable(io, 'x'), movable(io, 'y'));

/** Copies x to y, whose axes have `extents`, with these steps in x. */
export function walk(
  extents: readonly number[],
  steps: readonly number[],
  start: number,
  x: Float32Array | Int32Array,
  y: Float32Array | Int32Array,
): void {
  if (y.length === 0) return;
  const last = extents.length - 1;
  const inner = extents[last] ?? 1;
  const step = steps[last] ?? 0;
  const index = extents.map(() => 0);
  let base = start;
  for (let out = 0; out < y.length; ) {
    for (let i = 0, at = base; i < inner; i++, at += step) y[out++] = x[at]!;
    for (let axis = last - 1; axis >= 0; axis--) {
      base += steps[axis]!;
      if (++index[axis]! < extents[axis]!) break;
      base -= steps[axis]! * extents[axis]!;
      index[axis] = 0;
    }
  }
}
