import type { BinarySpec } from '@halftone/core';
import type { Node } from '../ir.ts';
import type { Layout, Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { broadcastDims } from './broadcast-dims.ts';
import { floatClampAfter } from './clamp.ts';
import type { InferContext, Operator } from './definition.ts';
import type { ValueType } from '../value-type.ts';
import { shapeIn } from './geometry.ts';

/** Type of an elementwise result of two operands, the second of which is input `bInput`. */
export function inferBinary(node: Node, context: InferContext, bInput: number): ValueType[] {
  const a = context.type(0);
  const b = context.type(bInput);
  const shape = a.shape && b.shape ? broadcastDims(node, a.shape, b.shape) : undefined;
  return [{ elementType: a.elementType ?? b.elementType, shape }];
}

/** Both operands in one layout, the ranks made equal so that channels stand at one place. */
export function aligned(
  lowering: Lowering,
  names: readonly [string, string],
  rank: number,
): { layout: Layout; values: Value[]; shapes: (readonly number[])[] } {
  const moved = names.some(
    (name) =>
      lowering.rank(name) === rank &&
      lowering.constantOf(name) === undefined &&
      lowering.layout(name) === 'last',
  );
  // A small operand of a lower rank would have to be moved at run time: not worth it.
  const possible =
    rank >= 3 &&
    names.every((name) => lowering.rank(name) === rank || lowering.constantOf(name) !== undefined);
  const layout: Layout = moved && possible ? 'last' : 'plain';
  if (layout === 'plain')
    return {
      layout,
      values: names.map((name) => lowering.plain(name)),
      shapes: names.map((name) => lowering.shape(name)),
    };
  const shapes = names.map((name) => {
    const shape = lowering.shape(name);
    return [...new Array<number>(rank - shape.length).fill(1), ...shape];
  });
  const toLast = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  const values = names.map((name, i) =>
    lowering.rank(name) === rank
      ? lowering.value(name, 'last')
      : lowering.transpose(lowering.reshape(lowering.plain(name), shapes[i]!), shapes[i]!, toLast, name),
  );
  return { layout, values, shapes: shapes.map((shape) => shapeIn('last', shape)) };
}

function binaryOperator(op: string, fn: BinarySpec['function']): Operator {
  return {
    op,
    domain: '',
    infer: (node, context) => inferBinary(node, context, 1),
    lower(node, lowering) {
      const names = [node.inputs[0]!, node.inputs[1]!] as const;
      if (lowering.dtype(names[0]) !== 'float32')
        throw lowering.refusal(node, `${lowering.dtype(names[0])} operands are not covered; float32 is`);
      const { layout, values, shapes } = aligned(lowering, names, lowering.rank(node.outputs[0]!));
      const { clamp, output } = floatClampAfter(node, lowering);
      const spec = { function: fn, aShape: shapes[0]!, bShape: shapes[1]!, ...clamp };
      lowering.define(
        output,
        layout,
        lowering.kernel('binary', spec, { a: values[0]!, b: values[1]! }, output)['y']!,
      );
    },
  };
}

export const arithmeticOperators: readonly Operator[] = [
  binaryOperator('Add', 'add'),
  binaryOperator('Sub', 'sub'),
  binaryOperator('Mul', 'mul'),
  binaryOperator('Div', 'div'),
];
