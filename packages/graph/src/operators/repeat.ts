// Operators that make a tensor larger out of its own elements: Expand, Tile, Pad.
import { broadcastShape, type PadMode, type PadSpec, type SliceSpec, tensor } from '@halftone/core';
import { stringAttr } from '../attributes.ts';
import type { Dim, Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { axesFrom, integersOf, knownIntegers } from './axes.ts';
import { broadcastDims } from './broadcast-dims.ts';
import type { Operator } from './definition.ts';
import { shapeIn } from './geometry.ts';

const expand: Operator = {
  op: 'Expand',
  domain: '',
  shapeInputs: [1],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const target = knownIntegers(context, 1);
    return [{ elementType, shape: shape && target && broadcastDims(node, shape, target) }];
  },
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const shape = lowering.shape(x);
    const to = broadcastShape(node.op, shape, integersOf(node, lowering, 1) ?? []);
    const spec = { dtype: lowering.dtype(x), shape, to };
    const { y } = lowering.kernel('expand', spec, { x: lowering.plain(x) }, node.outputs[0]!);
    lowering.define(node.outputs[0]!, 'plain', y!);
  },
};

const tile: Operator = {
  op: 'Tile',
  domain: '',
  shapeInputs: [1],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const repeats = knownIntegers(context, 1);
    if (shape === undefined || repeats === undefined)
      return [{ elementType, shape: shape?.map(() => undefined) }];
    if (repeats.length !== shape.length)
      shapeError(node, `${repeats.length} repeats for ${shape.length} axes`);
    if (repeats.some((count) => count < 0)) shapeError(node, 'repeats are >= 0');
    return [
      {
        elementType,
        shape: shape.map((extent, i) =>
          repeats[i] === 1 ? extent : typeof extent === 'number' ? extent * repeats[i]! : undefined,
        ),
      },
    ];
  },
  // Each axis becomes [repeats, extent], and the first of the two is repeated.
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const repeats = integersOf(node, lowering, 1) ?? [];
    const shape = lowering.shape(x);
    const spec = {
      dtype: lowering.dtype(x),
      shape: shape.flatMap((extent) => [1, extent]),
      to: shape.flatMap((extent, axis) => [repeats[axis]!, extent]),
    };
    const { y } = lowering.kernel('expand', spec, { x: lowering.plain(x) }, node.outputs[0]!);
    lowering.define(node.outputs[0]!, 'plain', y!);
  },
};

/** Elements that Pad adds before and after each axis; negative ones take away. */
function paddings(
  node: Node,
  rank: number,
  pads: readonly number[],
  given: readonly number[] | undefined,
): {
  before: number[];
  after: number[];
} {
  const axes = axesFrom(node, given ?? Array.from({ length: rank }, (_, axis) => axis), rank);
  if (pads.length !== 2 * axes.length) shapeError(node, `${pads.length} pads for ${axes.length} axes`);
  const side = (offset: number): number[] =>
    Array.from({ length: rank }, (_, axis) => {
      const i = axes.indexOf(axis);
      return i < 0 ? 0 : pads[offset + i]!;
    });
  return { before: side(0), after: side(axes.length) };
}

function padMode(node: Node, lowering: Lowering): PadMode {
  const mode = stringAttr(node, 'mode', 'constant');
  if (mode === 'constant' || mode === 'reflect' || mode === 'edge' || mode === 'wrap') return mode;
  throw lowering.refusal(node, `mode ${mode} is not known`);
}

const pad: Operator = {
  op: 'Pad',
  domain: '',
  shapeInputs: [1, 3],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    const pads = knownIntegers(context, 1);
    const axes = knownIntegers(context, 3);
    if (shape === undefined || pads === undefined || (node.inputs[3] && axes === undefined))
      return [{ elementType, shape: shape?.map(() => undefined) }];
    const { before, after } = paddings(node, shape.length, pads, axes);
    const padded = (extent: Dim, axis: number): Dim => {
      const added = before[axis]! + after[axis]!;
      if (added === 0) return extent;
      if (typeof extent !== 'number') return undefined;
      if (extent + added < 0) shapeError(node, `axis ${axis} of ${extent} cannot lose ${-added}`);
      return extent + added;
    };
    return [{ elementType, shape: shape.map(padded) }];
  },
  lower(node, lowering) {
    const [x, , value = ''] = node.inputs as [string, string, string?];
    const output = node.outputs[0]!;
    const pads = integersOf(node, lowering, 1) ?? [];
    const mode = padMode(node, lowering);
    const layout = lowering.layout(x);
    const shape = lowering.shape(x);
    const { before, after } = paddings(node, shape.length, pads, integersOf(node, lowering, 3));
    const [begins, ends] = [shapeIn(layout, before), shapeIn(layout, after)];
    const cropped = crop(lowering, lowering.value(x, layout), shapeIn(layout, shape), begins, ends, output);
    const dtype = lowering.dtype(x);
    const spec: PadSpec = {
      dtype,
      shape: cropped.shape,
      before: begins.map(positive),
      after: ends.map(positive),
      mode,
    };
    const zero = (): Value =>
      lowering.constant(dtype === 'int64' ? tensor(dtype, [0n]) : (tensor(dtype, [0]) as never));
    const inputs = {
      x: cropped.value,
      ...(mode === 'constant' ? { value: value === '' ? zero() : lowering.plain(value) } : {}),
    };
    lowering.define(output, layout, lowering.kernel('pad', spec, inputs, output)['y']!);
  },
};

const positive = (count: number): number => Math.max(count, 0);

/** Takes away what negative paddings ask for. */
function crop(
  lowering: Lowering,
  value: Value,
  shape: readonly number[],
  before: readonly number[],
  after: readonly number[],
  label: string,
): { value: Value; shape: readonly number[] } {
  if ([...before, ...after].every((count) => count >= 0)) return { value, shape };
  const spec: SliceSpec = {
    dtype: value.dtype,
    shape,
    starts: before.map((count) => positive(-count)),
    steps: shape.map(() => 1),
    extents: shape.map((extent, axis) => extent - positive(-before[axis]!) - positive(-after[axis]!)),
  };
  return { value: lowering.kernel('slice', spec, { x: value }, label)['y']!, shape: spec.extents };
}

export const repeatOperators: readonly Operator[] = [expand, tile, pad];
