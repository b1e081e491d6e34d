// TopK: the first elements along an axis, and where they stood. NaN has a place in their order (core's op); in ONNX Runtime it
// stands where its algorithm for that K happens to leave it.
import { sizeOf, type TopKType } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import { shapeError } from '../shape-error.ts';
import { axisFrom, integersOf, knownIntegers } from './axes.ts';
import type { Operator } from './definition.ts';

const types: readonly string[] = ['float32', 'int32', 'int8', 'uint8'] satisfies readonly TopKType[];

/** How many are wanted, where that is known. */
function countOf(node: Node, given: readonly number[] | undefined): number | undefined {
  if (given === undefined) return undefined;
  const [count = -1] = given;
  if (count < 0) shapeError(node, 'K is one number, 0 or more');
  return count;
}

const topK: Operator = {
  op: 'TopK',
  domain: '',
  shapeInputs: [1],
  infer(node, context) {
    const { elementType, shape } = context.type(0);
    if (shape === undefined)
      return [
        { elementType, shape },
        { elementType: 'int64', shape },
      ];
    const axis = axisFrom(node, intAttr(node, 'axis', -1), shape.length);
    const count = countOf(node, knownIntegers(context, 1));
    const kept = shape.map((extent, i) => (i === axis ? count : extent));
    return [
      { elementType, shape: kept },
      { elementType: 'int64', shape: kept },
    ];
  },
  lower(node, lowering) {
    const [x, label] = [node.inputs[0]!, node.outputs[0]!];
    const dtype = lowering.dtype(x);
    if (!types.includes(dtype)) throw lowering.refusal(node, `${dtype} is not covered`);
    const shape = lowering.shape(x);
    const axis = axisFrom(node, intAttr(node, 'axis', -1), shape.length);
    const k = countOf(node, integersOf(node, lowering, 1) ?? [])!;
    if (k > shape[axis]!) shapeError(node, `axis ${axis} has ${shape[axis]} elements, ${k} are wanted`);
    const spec = {
      dtype: dtype as TopKType,
      outer: sizeOf(shape.slice(0, axis)),
      extent: shape[axis]!,
      inner: sizeOf(shape.slice(axis + 1)),
      k,
      largest: intAttr(node, 'largest', 1) === 1,
    };
    const { values, indices } = lowering.kernel('topK', spec, { x: lowering.plain(x) }, label);
    const kept = shape.with(axis, k);
    lowering.define(label, 'plain', lowering.reshape(values!, kept));
    const wide = lowering.kernel(
      'cast',
      { shape: kept, from: 'int32', to: 'int64' },
      { x: indices! },
      node.outputs[1] ?? label,
    );
    lowering.define(node.outputs[1] ?? '', 'plain', wide['y']!);
  },
};

export const searchOperators: readonly Operator[] = [topK];
