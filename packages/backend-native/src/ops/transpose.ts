// y[i0, i1, ...] = x at these indices in the order of x
import type { PreparedHostOp, TransposeSpec } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';

const MOST_AXES = 8;

interface Axis {
  readonly extent: number;
  readonly stride: number;
}

export function transpose(addon: Addon, engine: Engine): PreparedHostOp<TransposeSpec> {
  return {
    supports: (spec) => axesOf(spec).length <= MOST_AXES || { reason: 'more than 8 axes are not supported' },
    prepare(spec) {
      const axes = Int32Array.from(axesOf(spec).flatMap(({ extent, stride }) => [extent, stride]));
      return {
        variant: 'transpose_copy',
        run: ({ x, y }) => addon.transpose(engine, x!.data, y!.data, axes),
      };
    },
  };
}

/** The axes of the result; neighbours of x that stay neighbours are one. */
function axesOf({ shape, perm }: TransposeSpec): readonly Axis[] {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((size, extent) => size * extent, 1));
  const merged: Axis[] = [];
  for (const axis of perm) {
    const [extent, stride] = [shape[axis]!, strides[axis]!];
    const before = merged.at(-1);
    if (extent === 1) continue;
    if (before?.stride === extent * stride)
      merged[merged.length - 1] = { extent: before.extent * extent, stride };
    else merged.push({ extent, stride });
  }
  return merged.length > 0 ? merged : [{ extent: 1, stride: 1 }];
}
