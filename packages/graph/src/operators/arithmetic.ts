import { addFactors, type BinarySpec, broadcastShape, sizeOf, tensor } from '@halftone/core';
import type { Dim, Node, SymbolicShape } from '../ir.ts';
import type { Layout, Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { codeClampAfter, floatClampAfter } from './clamp.ts';
import { codeType, scaleOf, zeroPointOf } from './codes.ts';
import type { InferContext, Operator } from './definition.ts';
import type { ValueType } from '../value-type.ts';
import { MICROSOFT } from './domains.ts';
import { shapeIn } from './geometry.ts';

function broadcastDims(node: Node, a: SymbolicShape, b: SymbolicShape): Dim[] {
  if ([...a, ...b].every((extent) => typeof extent === 'number'))
    return broadcastShape(node.op, a as number[], b as number[]);
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const da = i - rank + a.length < 0 ? 1 : a[i - rank + a.length];
    const db = i - rank + b.length < 0 ? 1 : b[i - rank + b.length];
    if (da === 1) return db;
    if (db === 1 || da === db) return da;
    return typeof da === 'number' ? da : typeof db === 'number' ? db : undefined;
  });
}

function inferBinary(node: Node, context: InferContext, bInput: number): ValueType[] {
  const a = context.type(0);
  const b = context.type(bInput);
  const shape = a.shape && b.shape ? broadcastDims(node, a.shape, b.shape) : undefined;
  return [{ elementType: a.elementType ?? b.elementType, shape }];
}

/** Both operands in one layout, the ranks made equal so that channels stand at one place. */
function aligned(
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

const qlinearAdd: Operator = {
  op: 'QLinearAdd',
  domain: MICROSOFT,
  infer: (node, context) => inferBinary(node, context, 3),
  lower(node, lowering) {
    const [a, aScale, aZero, b, bScale, bZero, cScale, cZero] = node.inputs as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const dtype = codeType(node, lowering, a);
    const { layout, values, shapes } = aligned(lowering, [a, b], lowering.rank(node.outputs[0]!));
    const params = [aScale, aZero, bScale, bZero, cScale, cZero].map((name, i) =>
      i % 2 === 0 ? scaleOf(node, lowering, name) : zeroPointOf(lowering, name, dtype).value,
    );
    for (const zero of params)
      if (sizeOf(zero.shape) !== 1)
        throw lowering.refusal(node, 'zero points of more than one element are not covered');
    const factors = lowering.host('factors', 'float32', [3], params, (...scalars) => {
      const [sa, za, sb, zb, sc, zc] = scalars.map((scalar) => Number(scalar.data[0])) as [
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return tensor(
        'float32',
        addFactors({ scale: sa, zeroPoint: za }, { scale: sb, zeroPoint: zb }, { scale: sc, zeroPoint: zc }),
      );
    });
    const { clamp, output } = codeClampAfter(node, lowering, dtype);
    const spec = { aShape: shapes[0]!, bShape: shapes[1]!, dtype, mode: 'ort-x86', ...clamp } as const;
    lowering.define(
      output,
      layout,
      lowering.kernel('qadd', spec, { a: values[0]!, b: values[1]!, factors }, output)['y']!,
    );
  },
};

export const arithmeticOperators: readonly Operator[] = [
  binaryOperator('Add', 'add'),
  binaryOperator('Sub', 'sub'),
  binaryOperator('Mul', 'mul'),
  binaryOperator('Div', 'div'),
  qlinearAdd,
];
