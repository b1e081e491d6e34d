// Operators that move elements, on constants. Each gives undefined for a form that it does not cover: the node stays.
import { type DType, dtypes, isDType, sizeOf, type Tensor, tensor, transposeTensor } from '@halftone/core';
import { intAttr, intsAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import { integersOf } from './match.ts';

/** Computes a node's one result from its inputs, undefined where they are left out. */
export type Evaluator = (node: Node, inputs: readonly (Tensor | undefined)[]) => Tensor | undefined;

/** The value of a Constant node; undefined where it has another number of attributes than one, or inputs. */
export function constantNode(node: Node): Tensor | undefined {
  const entries = Object.entries(node.attributes);
  const [[name, held] = []] = entries;
  if (entries.length !== 1 || node.inputs.length > 0) return undefined;
  switch (held?.type) {
    case 'tensor':
      return isDType(held.value.elementType) ? held.value.tensor() : undefined;
    case 'float':
      return tensor('float32', [held.value], []);
    case 'floats':
      return tensor('float32', [...held.value]);
    case 'int':
      return name === 'value_int' ? int64([held.value], []) : undefined;
    case 'ints':
      return int64(held.value);
    default:
      return undefined;
  }
}

/** The shape as a vector; `start` and `end` cut it. */
export function shapeTensor(node: Node, shape: readonly number[] | undefined): Tensor | undefined {
  return shape && int64(shape.slice(intAttr(node, 'start', 0), intAttr(node, 'end', shape.length)));
}

export const reshape: Evaluator = (node, [x, target]) => {
  const given = target && integersOf(target);
  if (!x || !given) return undefined;
  const keepsZero = intAttr(node, 'allowzero', 0) === 1;
  const shape = given.map((extent, i) => (extent === 0 && !keepsZero ? (x.shape[i] ?? -2) : extent));
  const free = shape.indexOf(-1);
  if (free >= 0) {
    const rest = shape.reduce((product, extent, i) => (i === free ? product : product * extent), 1);
    shape[free] = rest > 0 ? x.data.length / rest : -2;
  }
  return reshaped(x, shape);
};

export const flatten: Evaluator = (node, [x]) => {
  if (!x) return undefined;
  const given = intAttr(node, 'axis', 1);
  const axis = given < 0 ? given + x.shape.length : given;
  return reshaped(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
};

export const transpose: Evaluator = (node, [x]) => {
  if (!x) return undefined;
  const rank = x.shape.length;
  const perm = intsAttr(
    node,
    'perm',
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
  return new Set(perm).size === rank && perm.every((axis) => axis >= 0 && axis < rank)
    ? transposeTensor(x, perm)
    : undefined;
};

export const squeeze: Evaluator = (_, [x, axesInput]) => {
  if (!x) return undefined;
  const axes = axesInput && normalized(axesInput, x.shape.length);
  if (axesInput && axes?.every((axis) => x.shape[axis] === 1) !== true) return undefined;
  return reshaped(
    x,
    x.shape.filter((extent, i) => (axes ? !axes.includes(i) : extent !== 1)),
  );
};

export const unsqueeze: Evaluator = (_, [x, axesInput]) => {
  const count = axesInput?.data.length ?? 0;
  if (!x || !axesInput) return undefined;
  const rank = x.shape.length + count;
  const axes = normalized(axesInput, rank);
  if (axes === undefined || new Set(axes).size !== count) return undefined;
  const rest = [...x.shape];
  return reshaped(
    x,
    Array.from({ length: rank }, (__, i) => (axes.includes(i) ? 1 : rest.shift()!)),
  );
};

export const concat: Evaluator = (node, inputs) => {
  const parts = inputs as readonly Tensor[];
  const { dtype, shape } = parts[0]!;
  const given = intAttr(node, 'axis', 0);
  const axis = given < 0 ? given + shape.length : given;
  const fits = parts.every(
    (part) =>
      part?.dtype === dtype &&
      part.shape.length === shape.length &&
      part.shape.every((extent, i) => i === axis || extent === shape[i]),
  );
  if (!fits || axis < 0 || axis >= shape.length) return undefined;
  const extent = parts.reduce((sum, part) => sum + part.shape[axis]!, 0);
  const y = empty(
    dtype,
    shape.map((d, i) => (i === axis ? extent : d)),
  );
  const outer = sizeOf(shape.slice(0, axis));
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const { data } of parts) {
      const run = data.length / outer;
      y.data.set(data.subarray(o * run, (o + 1) * run) as never, at);
      at += run;
    }
  }
  return y;
};

/** Of vectors alone: what computes shapes. */
export const gather: Evaluator = (node, [x, indices]) => {
  const at = indices && integersOf(indices);
  if (x?.shape.length !== 1 || !at || ![0, -1].includes(intAttr(node, 'axis', 0))) return undefined;
  const { length } = x.data;
  const places = at.map((i) => (i < 0 ? i + length : i));
  return places.every((i) => i >= 0 && i < length) ? pick(x, places, indices!.shape) : undefined;
};

/** Of vectors alone, as `gather`. */
export const slice: Evaluator = (_, [x, ...more]) => {
  const [starts, ends, axes = [0], steps = [1]] = more.map((input) => input && integersOf(input));
  if (
    x?.shape.length !== 1 ||
    starts?.length !== 1 ||
    ends?.length !== 1 ||
    axes.length !== 1 ||
    steps.length !== 1
  )
    return undefined;
  const { length } = x.data;
  const [step] = steps as [number];
  if (![0, -1].includes(axes[0]!) || step === 0) return undefined;
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamped = (value: number): number =>
    Math.min(Math.max(value < 0 ? value + length : value, low), high);
  const places: number[] = [];
  const start = clamped(starts[0]!);
  const end = clamped(ends[0]!);
  for (let i = start; step > 0 ? i < end : i > end; i += step) places.push(i);
  return pick(x, places, [places.length]);
};

function reshaped(x: Tensor, shape: readonly number[]): Tensor | undefined {
  const valid =
    shape.every((extent) => Number.isInteger(extent) && extent >= 0) && sizeOf(shape) === x.data.length;
  return valid ? { ...x, shape } : undefined;
}

function normalized(axes: Tensor, rank: number): readonly number[] | undefined {
  const list = integersOf(axes)?.map((axis) => (axis < 0 ? axis + rank : axis));
  return list?.every((axis) => axis >= 0 && axis < rank) ? list : undefined;
}

function pick(x: Tensor, places: readonly number[], shape: readonly number[]): Tensor {
  const y = empty(x.dtype, shape);
  places.forEach((from, to) => {
    y.data[to] = x.data[from]!;
  });
  return y;
}

function empty(dtype: DType, shape: readonly number[]): Tensor {
  return { dtype, shape, data: new dtypes[dtype].Array(sizeOf(shape)) };
}

function int64(values: readonly number[], shape: readonly number[] = [values.length]): Tensor {
  return tensor('int64', values.map(BigInt), shape);
}
