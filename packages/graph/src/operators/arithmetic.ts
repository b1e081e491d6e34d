import type { BinaryFunction } from '@halftone/core';
import type { Node } from '../ir.ts';
import { type Layout, type Lowering, scalar } from '../lower/lowering.ts';
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

/** Emits a ∘ b of one type in the layout that suits both; a Relu or Clip behind a float result becomes its clamp. */
function emitBinary(
  node: Node,
  lowering: Lowering,
  name: BinaryFunction,
  operands: readonly [string, string],
): void {
  const dtype = lowering.dtype(operands[0]);
  if (dtype === 'bool') throw lowering.refusal(node, 'there is no arithmetic of bool');
  const { layout, values, shapes } = aligned(lowering, operands, lowering.rank(node.outputs[0]!));
  const other = values[1]!;
  // Pow alone takes two types.
  const b =
    other.dtype === dtype
      ? other
      : lowering.kernel(
          'cast',
          { shape: shapes[1]!, from: other.dtype, to: dtype },
          { x: other },
          'exponent',
        )['y']!;
  const { clamp, output } =
    dtype === 'float32' ? floatClampAfter(node, lowering) : { clamp: {}, output: node.outputs[0]! };
  const type = dtype === 'float32' ? {} : { dtype };
  const spec = { function: name, aShape: shapes[0]!, bShape: shapes[1]!, ...type, ...clamp };
  lowering.define(output, layout, lowering.kernel('binary', spec, { a: values[0]!, b }, output)['y']!);
}

function binaryOperator(op: string, name: BinaryFunction): Operator {
  return {
    op,
    domain: '',
    infer: (node, context) => inferBinary(node, context, 1),
    lower(node, lowering) {
      const [a, b] = node.inputs as [string, string];
      if (op !== 'Pow' && lowering.dtype(b) !== lowering.dtype(a))
        throw lowering.refusal(node, `operands of ${lowering.dtype(a)} and ${lowering.dtype(b)}`);
      emitBinary(node, lowering, name, [a, b]);
    },
  };
}

/** An operator of any number of operands: one function after the other, from the left. */
function foldOperator(op: 'Min' | 'Max' | 'Sum' | 'Mean', name: BinaryFunction): Operator {
  return {
    op,
    domain: '',
    infer(node, context) {
      const types = node.inputs.map((_, i) => context.type(i));
      const shape = types.map((type) => type.shape).reduce((a, b) => a && b && broadcastDims(node, a, b));
      return [{ elementType: types[0]?.elementType, shape }];
    },
    lower(node, lowering) {
      const output = node.outputs[0]!;
      const [first, ...rest] = node.inputs as [string, ...string[]];
      const dtype = lowering.dtype(first);
      if (dtype === 'bool' || rest.some((input) => lowering.dtype(input) !== dtype))
        throw lowering.refusal(node, 'operands are numbers of one type');
      let [value, shape] = [lowering.plain(first), lowering.shape(first)];
      const apply = (fn: BinaryFunction, b: Value, bShape: readonly number[]): void => {
        const spec = { function: fn, dtype, aShape: shape, bShape };
        value = lowering.kernel('binary', spec, { a: value, b }, output)['y']!;
        shape = value.shape;
      };
      for (const input of rest) apply(name, lowering.plain(input), lowering.shape(input));
      if (op === 'Mean') apply('div', lowering.constant(scalar('float32', node.inputs.length)), [1]);
      lowering.define(output, 'plain', lowering.reshape(value, lowering.shape(output)));
    },
  };
}

export const arithmeticOperators: readonly Operator[] = [
  binaryOperator('Add', 'add'),
  binaryOperator('Sub', 'sub'),
  binaryOperator('Mul', 'mul'),
  binaryOperator('Div', 'div'),
  binaryOperator('Pow', 'pow'),
  binaryOperator('PRelu', 'prelu'),
  foldOperator('Min', 'min'),
  foldOperator('Max', 'max'),
  foldOperator('Sum', 'add'),
  foldOperator('Mean', 'add'),
];
