// Operators that take elements out of a tensor: Gather, Slice, Split.
import { sizeOf, type SliceSpec } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Dim, Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import { shapeError } from '../shape-error.ts';
import { axesFrom, axisFrom, integersOf, knownIntegers } from './axes.ts';
import type { Operator } from './definition.ts';
import { shapeIn } from './geometry.ts';

const gather: Operator = {
  op: 'Gather',
  domain: '',
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const indices = context.type(1).shape;
    if (shape === undefined || indices === undefined) return [{ elementType, shape: undefined }];
    const axis = axisFrom(node, intAttr(node, 'axis', 0), shape.length);
    return [{ elementType, shape: [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)] }];
  },
  lower(node, lowering) {
    const [x, indices] = node.inputs as [string, string];
    const output = node.outputs[0]!;
    const shape = lowering.shape(x);
    const axis = axisFrom(node, intAttr(node, 'axis', 0), shape.length);
    const type = lowering.dtype(indices);
    if (type !== 'int32' && type !== 'int64') throw lowering.refusal(node, `${type} indices are not covered`);
    const spec = {
      dtype: lowering.dtype(x),
      indices: type,
      outer: sizeOf(shape.slice(0, axis)),
      extent: shape[axis]!,
      inner: sizeOf(shape.slice(axis + 1)),
      count: sizeOf(lowering.shape(indices)),
    } as const;
    const inputs = { x: lowering.plain(x), indices: lowering.plain(indices) };
    lowering.define(output, 'plain', lowering.kernel('gather', spec, inputs, output)['y']!);
  },
};

interface Range {
  readonly start: number;
  readonly step: number;
  readonly extent: Dim;
}

/** What Slice takes of each axis; an axis that it leaves alone may be of any extent. */
function ranges(
  node: Node,
  shape: readonly Dim[],
  operands: readonly (readonly number[] | undefined)[],
): Range[] {
  const [starts = [], ends = [], givenAxes, givenSteps] = operands;
  const axes = axesFrom(node, givenAxes ?? starts.map((_, i) => i), shape.length);
  const steps = givenSteps ?? starts.map(() => 1);
  if (ends.length !== starts.length || axes.length !== starts.length || steps.length !== starts.length)
    shapeError(node, 'starts, ends, axes and steps are of one length');
  if (steps.includes(0)) shapeError(node, 'a step of 0 takes nothing');
  return shape.map((extent, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { start: 0, step: 1, extent };
    if (typeof extent !== 'number') return { start: 0, step: 1, extent: undefined };
    return range(extent, starts[i]!, ends[i]!, steps[i]!);
  });
}

// Backwards, a start before the first element is the first, as ONNX says; NumPy would take nothing.
function range(extent: number, from: number, to: number, step: number): Range {
  const inside = (at: number, low: number, high: number): number =>
    Math.min(Math.max(at < 0 ? at + extent : at, low), high);
  const start = step > 0 ? inside(from, 0, extent) : inside(from, 0, extent - 1);
  const end = step > 0 ? inside(to, 0, extent) : inside(to, -1, extent - 1);
  const count = extent === 0 ? 0 : Math.max(0, Math.ceil((end - start) / step));
  return count === 0 ? { start: 0, step: 1, extent: 0 } : { start, step, extent: count };
}

/** Emits one cut of a value, in the layout that it has. */
function cut(
  lowering: Lowering,
  input: string,
  output: string,
  parts: Pick<SliceSpec, 'starts' | 'steps' | 'extents'>,
): void {
  const layout = lowering.layout(input);
  const spec = {
    dtype: lowering.dtype(input),
    shape: shapeIn(layout, lowering.shape(input)),
    starts: shapeIn(layout, parts.starts),
    steps: shapeIn(layout, parts.steps),
    extents: shapeIn(layout, parts.extents),
  };
  lowering.define(
    output,
    layout,
    lowering.kernel('slice', spec, { x: lowering.value(input, layout) }, output)['y']!,
  );
}

const slice: Operator = {
  op: 'Slice',
  domain: '',
  shapeInputs: [1, 2, 3, 4],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    if (shape === undefined) return [{ elementType, shape }];
    const unknown = [1, 2, 3, 4].some((i) => node.inputs[i] && context.constant(i) === undefined);
    if (unknown) return [{ elementType, shape: shape.map(() => undefined) }];
    const operands = [1, 2, 3, 4].map((i) => knownIntegers(context, i));
    return [{ elementType, shape: ranges(node, shape, operands).map(({ extent }) => extent) }];
  },
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const operands = [1, 2, 3, 4].map((i) => integersOf(node, lowering, i));
    const found = ranges(node, lowering.shape(x), operands);
    cut(lowering, x, node.outputs[0]!, {
      starts: found.map(({ start }) => start),
      steps: found.map(({ step }) => step),
      extents: lowering.shape(node.outputs[0]!),
    });
  },
};

/** Extents of Split's parts along its axis. */
function parts(node: Node, extent: Dim, sizes: readonly number[] | undefined): readonly Dim[] {
  const count = node.outputs.length;
  if (sizes) {
    if (sizes.length !== count || (typeof extent === 'number' && sum(sizes) !== extent))
      shapeError(node, `parts of [${sizes.join(', ')}] do not make up ${extent} in ${count} outputs`);
    return sizes;
  }
  const stated = intAttr(node, 'num_outputs', count);
  if (stated !== count) shapeError(node, `num_outputs is ${stated}, and there are ${count} outputs`);
  if (typeof extent !== 'number') return node.outputs.map(() => undefined);
  // Since opset 18 the last part may be smaller; before, equal parts are asked for.
  const size = Math.ceil(extent / count);
  const last = extent - size * (count - 1);
  if (last < 0) shapeError(node, `${extent} elements do not fill ${count} parts of ${size}`);
  return node.outputs.map((_, i) => (i < count - 1 ? size : last));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

const split: Operator = {
  op: 'Split',
  domain: '',
  shapeInputs: [1],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const sizes = knownIntegers(context, 1);
    if (shape === undefined) return node.outputs.map(() => ({ elementType, shape }));
    const axis = axisFrom(node, intAttr(node, 'axis', 0), shape.length);
    const extents = node.inputs[1] && !sizes ? [] : parts(node, shape[axis], sizes);
    return node.outputs.map((_, i) => ({
      elementType,
      shape: shape.map((extent, at) => (at === axis ? extents[i] : extent)),
    }));
  },
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const shape = lowering.shape(x);
    const axis = axisFrom(node, intAttr(node, 'axis', 0), shape.length);
    const extents = parts(node, shape[axis], integersOf(node, lowering, 1)) as readonly number[];
    let start = 0;
    node.outputs.forEach((output, i) => {
      if (output !== '')
        cut(lowering, x, output, {
          starts: shape.map((_, at) => (at === axis ? start : 0)),
          steps: shape.map(() => 1),
          extents: lowering.shape(output),
        });
      start += extents[i]!;
    });
  },
};

export const pickOperators: readonly Operator[] = [gather, slice, split];
