// compare: y = a ∘ b, false where one is NaN; logical: of truths; where: condition ? a : b
import type { HostOp } from '../backend/host-backend.ts';
import { broadcastStrides } from '../ops/broadcast.ts';
import type { CompareSpec, LogicalSpec, WhereSpec } from '../ops/logic.ts';
import { sizeOf } from '../tensor.ts';
import { forEachBroadcastRow } from './broadcast-rows.ts';
import { movable } from './movable.ts';
import { walk } from './walk.ts';

const comparisons: Record<CompareSpec['function'], (a: number, b: number) => boolean> = {
  equal: (a, b) => a === b,
  less: (a, b) => a < b,
  lessOrEqual: (a, b) => a <= b,
  greater: (a, b) => a > b,
  greaterOrEqual: (a, b) => a >= b,
};

const truths: Record<LogicalSpec['function'], (a: number, b: number) => number> = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
};

/** Comparison of two broadcast tensors of one type. */
export const compare: HostOp<CompareSpec> = (spec, io) => {
  const holds = comparisons[spec.function];
  const a = io['a']!.data as Float32Array;
  const b = io['b']!.data as Float32Array;
  const y = io['y']!.data as Uint8Array;
  forEachBroadcastRow(spec.function, spec.aShape, spec.bShape, (aAt, aStep, bAt, bStep, yAt, length) => {
    for (let i = 0; i < length; i++) y[yAt + i] = holds(a[aAt + i * aStep]!, b[bAt + i * bStep]!) ? 1 : 0;
  });
};

/** Logic of two broadcast tensors of bool. */
export const logical: HostOp<LogicalSpec> = (spec, io) => {
  const apply = truths[spec.function];
  const a = io['a']!.data as Uint8Array;
  const b = io['b']!.data as Uint8Array;
  const y = io['y']!.data as Uint8Array;
  forEachBroadcastRow(spec.function, spec.aShape, spec.bShape, (aAt, aStep, bAt, bStep, yAt, length) => {
    for (let i = 0; i < length; i++) y[yAt + i] = apply(a[aAt + i * aStep]!, b[bAt + i * bStep]!);
  });
};

/** Elements of a or of b. */
export const where: HostOp<WhereSpec> = (spec, io) => {
  const y = movable(io, 'y');
  const shape = spec.shape;
  const chosen = new Int32Array(sizeOf(shape));
  walk(shape, broadcastStrides(spec.conditionShape, shape), 0, movable(io, 'condition'), chosen);
  const b = y.slice();
  walk(shape, broadcastStrides(spec.aShape, shape), 0, movable(io, 'a'), y);
  walk(shape, broadcastStrides(spec.bShape, shape), 0, movable(io, 'b'), b);
  for (let i = 0; i < y.length; i++) if (chosen[i] === 0) y[i] = b[i]!;
};
