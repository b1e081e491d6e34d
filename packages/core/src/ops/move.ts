// Ops that put elements of any type at other places.
import type { DType } from '../dtype.ts';
import { broadcastShape } from './broadcast.ts';
import { isExtent, type OpDefinition, requireShape, requireSpec } from './definition.ts';
import { sameShape } from '../tensor.ts';

export interface TransposeSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Axis i of the result is axis perm[i] of x. */
  readonly perm: readonly number[];
}

/** Permutation of axes. ONNX Transpose. */
export const transpose: OpDefinition<TransposeSpec> = {
  name: 'transpose',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'transpose',
      spec.perm.length === spec.shape.length && spec.shape.every((_, axis) => spec.perm.includes(axis)),
      'perm is a permutation of the axes',
      spec,
    ),
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: spec.perm.map((axis) => spec.shape[axis]!) } }),
};

export interface ConcatSpec {
  readonly dtype: DType;
  /** Each operand seen as [outer, extents[i]]: what lies at and below the axis is one run. */
  readonly outer: number;
  readonly extents: readonly number[];
}

/** Operands x0, x1, … one after the other along an axis. ONNX Concat. */
export const concat: OpDefinition<ConcatSpec> = {
  name: 'concat',
  tier: 'float',
  check(spec) {
    requireSpec('concat', spec.extents.length > 0, 'there is at least one operand', spec);
    requireShape(
      'concat',
      [spec.outer, ...spec.extents].every(isExtent),
      'outer and extents are integers >= 0',
      spec,
    );
  },
  inputs: (spec) =>
    Object.fromEntries(
      spec.extents.map((extent, i) => [`x${i}`, { dtype: spec.dtype, shape: [spec.outer, extent] }]),
    ),
  outputs: (spec) => ({
    y: { dtype: spec.dtype, shape: [spec.outer, spec.extents.reduce((sum, extent) => sum + extent, 0)] },
  }),
};

export interface SliceSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** For each axis: the first index, the distance to the next (negative runs backwards), and how many are taken. */
  readonly starts: readonly number[];
  readonly steps: readonly number[];
  readonly extents: readonly number[];
}

/** y[i] = x[starts + i * steps] on every axis. ONNX Slice, Split. */
export const slice: OpDefinition<SliceSpec> = {
  name: 'slice',
  tier: 'float',
  check(spec) {
    const { shape, starts, steps, extents } = spec;
    const rank = shape.length;
    const fits = shape.every((extent, axis) => {
      const [start, step, count] = [starts[axis]!, steps[axis]!, extents[axis]!];
      const last = start + step * (count - 1);
      const inside = (at: number): boolean => at >= 0 && at < extent;
      return isExtent(count) && Number.isInteger(step) && (count === 0 || (inside(start) && inside(last)));
    });
    requireShape(
      'slice',
      [starts, steps, extents].every((list) => list.length === rank) && fits,
      'starts, steps and extents have one element an axis and stay inside the shape',
      spec,
    );
  },
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: spec.extents } }),
};

/** What stands beside a tensor: one value, its own elements mirrored without the edge, its edge, or the tensor again. */
export type PadMode = 'constant' | 'reflect' | 'edge' | 'wrap';

export interface PadSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Elements before and after, for each axis; none is negative. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly mode: PadMode;
}

/** The tensor with elements added around it; operand `value` [1] in mode constant. ONNX Pad. */
export const pad: OpDefinition<PadSpec> = {
  name: 'pad',
  tier: 'float',
  check(spec) {
    const { shape, before, after, mode } = spec;
    requireShape(
      'pad',
      [before, after].every((list) => list.length === shape.length && list.every(isExtent)),
      'before and after have one integer >= 0 an axis',
      spec,
    );
    requireSpec('pad', ['constant', 'reflect', 'edge', 'wrap'].includes(mode), `no mode ${mode}`, spec);
    const filled = shape.every((extent, axis) => extent > 0 || before[axis]! + after[axis]! === 0);
    requireShape('pad', mode === 'constant' || filled, 'an empty axis has nothing to repeat', spec);
  },
  inputs: (spec) => ({
    x: { dtype: spec.dtype, shape: spec.shape },
    ...(spec.mode === 'constant' ? { value: { dtype: spec.dtype, shape: [1] } } : {}),
  }),
  outputs: (spec) => ({
    y: {
      dtype: spec.dtype,
      shape: spec.shape.map((extent, axis) => spec.before[axis]! + extent + spec.after[axis]!),
    },
  }),
};

export interface ExpandSpec {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** What `shape` broadcasts to. */
  readonly to: readonly number[];
}

/** The tensor repeated along the axes where it has one element. ONNX Expand, Tile. */
export const expand: OpDefinition<ExpandSpec> = {
  name: 'expand',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'expand',
      sameShape(broadcastShape('expand', spec.shape, spec.to), spec.to),
      `[${spec.shape.join(', ')}] does not broadcast to [${spec.to.join(', ')}]`,
      spec,
    ),
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: spec.shape } }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: spec.to } }),
};

export interface GatherSpec {
  readonly dtype: DType;
  readonly indices: 'int32' | 'int64';
  /** The tensor seen as [outer, extent, inner]; `count` indices pick along the middle. */
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  readonly count: number;
}

/**
 * y[o, i] = x[o, indices[i]]; negative indices count from the end. An index outside is HT_INVALID_ARGUMENT when the op runs
 * (a backend that cannot look gives unspecified elements, never foreign memory). ONNX Gather.
 */
export const gather: OpDefinition<GatherSpec> = {
  name: 'gather',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'gather',
      [spec.outer, spec.extent, spec.inner, spec.count].every(isExtent),
      'outer, extent, inner and count are integers >= 0',
      spec,
    ),
  inputs: (spec) => ({
    x: { dtype: spec.dtype, shape: [spec.outer, spec.extent, spec.inner] },
    indices: { dtype: spec.indices, shape: [spec.count] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: [spec.outer, spec.count, spec.inner] } }),
};
