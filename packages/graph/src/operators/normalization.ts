// LayerNormalization, InstanceNormalization, RMSNormalization: rows of variance 1, then a scale and a bias.
import { type BinaryFunction, sizeOf } from '@halftone/core';
import { floatAttr, intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { axisFrom } from './axes.ts';
import type { Operator } from './definition.ts';
import { requireFloat } from './require-float.ts';

/** Emits value ∘ operand, the operand broadcast from its own shape. */
function combine(
  lowering: Lowering,
  name: BinaryFunction,
  value: Value,
  shape: readonly number[],
  operand: Value,
  operandShape: readonly number[],
  label: string,
): Value {
  const spec = { function: name, aShape: shape, bShape: operandShape };
  return lowering.kernel('binary', spec, { a: value, b: operand }, label)['y']!;
}

/** Normalizes rows of `extent` elements and scales and shifts the result. */
function emit(
  node: Node,
  lowering: Lowering,
  extent: number,
  centred: boolean,
  paramShape: (name: string) => readonly number[],
): void {
  const [x, scale, bias = ''] = node.inputs as [string, string, string?];
  const output = node.outputs[0]!;
  requireFloat(node, lowering, x, scale, ...(bias ? [bias] : []));
  const shape = lowering.shape(x);
  const outer = extent === 0 ? 0 : sizeOf(shape) / extent;
  const statistics = node.outputs.slice(1).some((name) => name !== '') ? { statistics: true } : {};
  const epsilon = Math.fround(floatAttr(node, 'epsilon', 1e-5));
  const results = lowering.kernel(
    'normalize',
    { outer, extent, centred, epsilon, ...statistics },
    { x: lowering.plain(x) },
    output,
  );
  const [, mean = '', inverse = ''] = node.outputs;
  if (mean !== '') lowering.define(mean, 'plain', results['mean']!);
  if (inverse !== '') lowering.define(inverse, 'plain', results['inverse']!);
  let y = results['y']!;
  y = combine(lowering, 'mul', y, shape, lowering.plain(scale), paramShape(scale), output);
  if (bias !== '') y = combine(lowering, 'add', y, shape, lowering.plain(bias), paramShape(bias), output);
  lowering.define(output, 'plain', y);
}

function overLastAxes(op: string, centred: boolean): Operator {
  return {
    op,
    domain: '',
    infer(node, context) {
      const { elementType, shape } = context.type(0);
      const axis = shape && axisFrom(node, intAttr(node, 'axis', -1), shape.length);
      const rows = { elementType, shape: shape?.map((extent, i) => (i < axis! ? extent : 1)) };
      return [context.type(0), rows, rows];
    },
    lower(node, lowering) {
      const shape = lowering.shape(node.inputs[0]!);
      const axis = axisFrom(node, intAttr(node, 'axis', -1), shape.length);
      emit(node, lowering, sizeOf(shape.slice(axis)), centred, (name) => lowering.shape(name));
    },
  };
}

const instance: Operator = {
  op: 'InstanceNormalization',
  domain: '',
  infer: (_node, context) => [context.type(0)],
  lower(node, lowering) {
    const shape = lowering.shape(node.inputs[0]!);
    const channels = [shape[1] ?? 1, ...shape.slice(2).map(() => 1)];
    emit(node, lowering, sizeOf(shape.slice(2)), true, () => channels);
  },
};

export const normalizationOperators: readonly Operator[] = [
  overLastAxes('LayerNormalization', true),
  overLastAxes('RMSNormalization', false),
  overLastAxes('SimplifiedLayerNormalization', false),
  instance,
];
