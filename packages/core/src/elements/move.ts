// transpose, concat: elements of any type at other places
import type { HostOp } from '../backend/host-backend.ts';
import type { ConcatSpec, TransposeSpec } from '../ops/move.ts';
import { transposeInto } from '../transpose.ts';
import { movable } from './movable.ts';

/** Elements with their axes permuted. */
export const transpose: HostOp<TransposeSpec> = (spec, io) =>
  transposeInto(movable(io, 'x'), spec.shape, spec.perm, movable(io, 'y'));

/** Operands one after the other along an axis. */
export const concat: HostOp<ConcatSpec> = (spec, io) => {
  const y = movable(io, 'y');
  for (let o = 0, at = 0; o < spec.outer; o++) {
    for (let i = 0; i < spec.extents.length; i++) {
      const extent = spec.extents[i]!;
      y.set(movable(io, `x${i}`).subarray(o * extent, (o + 1) * extent), at);
      at += extent;
    }
  }
};
