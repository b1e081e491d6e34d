// Comparisons, logic and choice: Equal, Less, Greater and their kin, And, Or, Xor, Not, Where.
import { type CompareSpec, type LogicalSpec, tensor } from '@halftone/core';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import { aligned, inferBinary } from './arithmetic.ts';
import { broadcastDims } from './broadcast-dims.ts';
import type { Operator } from './definition.ts';

function requireBool(node: Node, lowering: Lowering, name: string): void {
  const dtype = lowering.dtype(name);
  if (dtype !== 'bool') throw lowering.refusal(node, `${name} is ${dtype}; bool is needed`);
}

function comparison(op: string, name: CompareSpec['function']): Operator {
  return {
    op,
    domain: '',
    infer: (node, context) =>
      inferBinary(node, context, 1).map(({ shape }) => ({ elementType: 'bool', shape })),
    lower(node, lowering) {
      const [a, b] = node.inputs as [string, string];
      const output = node.outputs[0]!;
      const dtype = lowering.dtype(a);
      if (lowering.dtype(b) !== dtype)
        throw lowering.refusal(node, `${dtype} is not compared with ${lowering.dtype(b)}`);
      const { layout, values, shapes } = aligned(lowering, [a, b], lowering.rank(output));
      const spec = { function: name, dtype, aShape: shapes[0]!, bShape: shapes[1]! };
      const { y } = lowering.kernel('compare', spec, { a: values[0]!, b: values[1]! }, output);
      lowering.define(output, layout, y!);
    },
  };
}

function logical(op: string, name: LogicalSpec['function']): Operator {
  return {
    op,
    domain: '',
    infer: (node, context) => inferBinary(node, context, 1),
    lower(node, lowering) {
      const [a, b] = node.inputs as [string, string];
      const output = node.outputs[0]!;
      for (const name of [a, b]) requireBool(node, lowering, name);
      const { layout, values, shapes } = aligned(lowering, [a, b], lowering.rank(output));
      const spec = { function: name, aShape: shapes[0]!, bShape: shapes[1]! };
      const { y } = lowering.kernel('logical', spec, { a: values[0]!, b: values[1]! }, output);
      lowering.define(output, layout, y!);
    },
  };
}

const not: Operator = {
  op: 'Not',
  domain: '',
  infer: (_node, context) => [context.type(0)],
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const output = node.outputs[0]!;
    requireBool(node, lowering, x);
    const layout = lowering.layout(x);
    const value = lowering.value(x, layout);
    const spec = { function: 'xor', aShape: value.shape, bShape: [1] } as const;
    const b = lowering.constant(tensor('bool', [1]));
    lowering.define(output, layout, lowering.kernel('logical', spec, { a: value, b }, output)['y']!);
  },
};

const where: Operator = {
  op: 'Where',
  domain: '',
  infer(node, context) {
    const [condition, a, b] = [context.type(0), context.type(1), context.type(2)];
    const known = condition.shape && a.shape && b.shape;
    const shape = known && broadcastDims(node, condition.shape!, broadcastDims(node, a.shape!, b.shape!));
    return [{ elementType: a.elementType ?? b.elementType, shape }];
  },
  lower(node, lowering) {
    const [condition, a, b] = node.inputs as [string, string, string];
    const output = node.outputs[0]!;
    requireBool(node, lowering, condition);
    const dtype = lowering.dtype(a);
    if (lowering.dtype(b) !== dtype)
      throw lowering.refusal(node, `${dtype} and ${lowering.dtype(b)} do not mix`);
    const spec = {
      dtype,
      conditionShape: lowering.shape(condition),
      aShape: lowering.shape(a),
      bShape: lowering.shape(b),
      shape: lowering.shape(output),
    };
    const inputs = { condition: lowering.plain(condition), a: lowering.plain(a), b: lowering.plain(b) };
    lowering.define(output, 'plain', lowering.kernel('where', spec, inputs, output)['y']!);
  },
};

export const logicOperators: readonly Operator[] = [
  comparison('Equal', 'equal'),
  comparison('Less', 'less'),
  comparison('LessOrEqual', 'lessOrEqual'),
  comparison('Greater', 'greater'),
  comparison('GreaterOrEqual', 'greaterOrEqual'),
  logical('And', 'and'),
  logical('Or', 'or'),
  logical('Xor', 'xor'),
  not,
  where,
];
