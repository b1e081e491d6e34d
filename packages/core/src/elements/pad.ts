// Every axis has a table: which index of x stands at index i of y, or none.
import type { HostOp } from '../backend/host-backend.ts';
import type { PadMode, PadSpec } from '../ops/move.ts';
import { stridesOf } from '../tensor.ts';
import { movable } from './movable.ts';

const NONE = -1;

/** Elements with others around them. */
export const pad: HostOp<PadSpec> = (spec, io) => {
  const x = movable(io, 'x');
  const y = movable(io, 'y');
  const { shape, before, after, mode } = spec;
  if (mode === 'constant') y.fill(movable(io, 'value')[0]!);
  if (x.length === 0) return;
  const strides = stridesOf(shape);
  const sources = shape.map((extent, axis) =>
    Array.from({ length: before[axis]! + extent + after[axis]! }, (_, i) =>
      sourceOf(i - before[axis]!, extent, mode),
    ),
  );
  const outStrides = stridesOf(sources.map((row) => row.length));
  const visit = (axis: number, from: number, to: number): void => {
    const row = sources[axis];
    if (row === undefined) {
      y[to] = x[from]!;
      return;
    }
    row.forEach((source, i) => {
      if (source !== NONE) visit(axis + 1, from + source * strides[axis]!, to + i * outStrides[axis]!);
    });
  };
  visit(0, 0, 0);
};

function sourceOf(at: number, extent: number, mode: PadMode): number {
  if (at >= 0 && at < extent) return at;
  switch (mode) {
    case 'constant':
      return NONE;
    case 'edge':
      return at < 0 ? 0 : extent - 1;
    case 'wrap':
      return modulo(at, extent);
    case 'reflect': {
      const period = Math.max(2 * (extent - 1), 1);
      const inside = modulo(at, period);
      return inside < extent ? inside : period - inside;
    }
  }
}

function modulo(value: number, by: number): number {
  const rest = value % by;
  return rest < 0 ? rest + by : rest;
}
