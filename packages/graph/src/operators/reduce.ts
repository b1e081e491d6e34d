// ReduceSum, ReduceMean and their kin, ArgMax, ArgMin.
import { type Reduction, sizeOf } from '@halftone/core';
import { intAttr, intsAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import { shapeError } from '../shape-error.ts';
import { axesFrom, axisFrom, integersOf, knownIntegers } from './axes.ts';
import type { Operator } from './definition.ts';
import { shapeIn } from './geometry.ts';
import { requireFloat } from './require-float.ts';

/** Axes that are reduced, ascending: those given, or without any all of them, or none where the node says so. */
function reducedAxes(node: Node, given: readonly number[] | undefined, rank: number): readonly number[] {
  const axes = axesFrom(node, given ?? [], rank);
  if (axes.length > 0) return [...axes].sort((a, b) => a - b);
  const none = intAttr(node, 'noop_with_empty_axes', 0) === 1;
  return none ? [] : Array.from({ length: rank }, (_, axis) => axis);
}

// Until opset 18 most of them had their axes as an attribute.
function axesAttribute(node: Node): readonly number[] | undefined {
  return intsAttr(node, 'axes', undefined);
}

function reduction(op: string, name: Reduction): Operator {
  return {
    op,
    domain: '',
    shapeInputs: [1],
    infer(node, context) {
      const { elementType, shape } = context.type(0);
      const given = node.inputs[1] ? knownIntegers(context, 1) : axesAttribute(node);
      if (shape === undefined || (node.inputs[1] && given === undefined))
        return [{ elementType, shape: undefined }];
      const axes = reducedAxes(node, given, shape.length);
      const keeps = intAttr(node, 'keepdims', 1) === 1;
      const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
      return [{ elementType, shape: keeps ? kept : kept.filter((_, axis) => !axes.includes(axis)) }];
    },
    lower(node, lowering) {
      const [x, output] = [node.inputs[0]!, node.outputs[0]!];
      requireFloat(node, lowering, x);
      const shape = lowering.shape(x);
      const axes = reducedAxes(node, integersOf(node, lowering, 1) ?? axesAttribute(node), shape.length);
      if (axes.length === 0 && name === 'sum') return lowering.define(output, 'plain', lowering.plain(x));
      // A result of the same rank may stay as its operand lies.
      const layout = intAttr(node, 'keepdims', 1) === 1 ? lowering.layout(x) : 'plain';
      const order = shapeIn(layout, [...shape.keys()]);
      const own = axes.map((axis) => order.indexOf(axis)).sort((a, b) => a - b);
      const spec = { function: name, shape: shapeIn(layout, shape), axes: own };
      const { y } = lowering.kernel('reduce', spec, { x: lowering.value(x, layout) }, output);
      lowering.define(output, layout, layout === 'plain' ? lowering.reshape(y!, lowering.shape(output)) : y!);
    },
  };
}

function argument(op: 'ArgMax' | 'ArgMin'): Operator {
  return {
    op,
    domain: '',
    infer(node, context) {
      const { shape } = context.type(0);
      if (shape === undefined) return [{ elementType: 'int64', shape }];
      const axis = axisFrom(node, intAttr(node, 'axis', 0), shape.length);
      const kept = shape.map((extent, i) => (i === axis ? 1 : extent));
      const keeps = intAttr(node, 'keepdims', 1) === 1;
      return [{ elementType: 'int64', shape: keeps ? kept : kept.filter((_, i) => i !== axis) }];
    },
    lower(node, lowering) {
      const [x, output] = [node.inputs[0]!, node.outputs[0]!];
      const dtype = lowering.dtype(x);
      if (dtype === 'bool') throw lowering.refusal(node, 'bool has no order');
      const shape = lowering.shape(x);
      const axis = axisFrom(node, intAttr(node, 'axis', 0), shape.length);
      if (shape[axis] === 0) shapeError(node, `axis ${axis} is empty`);
      const spec = {
        largest: op === 'ArgMax',
        selectLast: intAttr(node, 'select_last_index', 0) === 1,
        dtype,
        outer: sizeOf(shape.slice(0, axis)),
        extent: shape[axis]!,
        inner: sizeOf(shape.slice(axis + 1)),
      };
      const { y } = lowering.kernel('argExtreme', spec, { x: lowering.plain(x) }, output);
      lowering.define(output, 'plain', lowering.reshape(y!, lowering.shape(output)));
    },
  };
}

export const reduceOperators: readonly Operator[] = [
  reduction('ReduceL1', 'l1'),
  reduction('ReduceL2', 'l2'),
  reduction('ReduceLogSum', 'logSum'),
  reduction('ReduceLogSumExp', 'logSumExp'),
  reduction('ReduceMax', 'max'),
  reduction('ReduceMean', 'mean'),
  reduction('ReduceMin', 'min'),
  reduction('ReduceProd', 'prod'),
  reduction('ReduceSum', 'sum'),
  reduction('ReduceSumSquare', 'sumSquare'),
  argument('ArgMax'),
  argument('ArgMin'),
];
