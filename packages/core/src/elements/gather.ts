// y[o, i] = x[o, indices[i]]
import type { HostOp } from '../backend/host-backend.ts';
import { HalftoneError } from '../errors.ts';
import type { GatherSpec } from '../ops/move.ts';
import { movable } from './movable.ts';

/** Elements picked along an axis. */
export const gather: HostOp<GatherSpec> = (spec, io) => {
  const { outer, extent, inner, count } = spec;
  const x = movable(io, 'x');
  const y = movable(io, 'y');
  const places = Array.from(io['indices']!.data as ArrayLike<number | bigint>, (index) => {
    const at = Number(index) < 0 ? Number(index) + extent : Number(index);
    if (at >= 0 && at < extent) return at;
    throw new HalftoneError('HT_INVALID_ARGUMENT', `gather: index ${index} is outside an axis of ${extent}`, {
      op: 'gather',
      index: Number(index),
      extent,
    });
  });
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < count; i++, to += inner) {
      const from = (o * extent + places[i]!) * inner;
      y.set(x.subarray(from, from + inner), to);
    }
  }
};
