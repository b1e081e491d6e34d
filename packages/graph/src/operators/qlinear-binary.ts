// Sums and products of codes: QLinearAdd, QLinearMul.
import {
  addFactors,
  addFactorsDesc,
  type CodeType,
  mulFactors,
  mulFactorsDesc,
  type QBinaryMode,
  type ScalarParams,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Node } from '../ir.ts';
import type { Layout, Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { aligned, inferBinary } from './arithmetic.ts';
import { codeClampAfter } from './clamp.ts';
import { codeType, requireScalars, scaleOf, zeroPointOf } from './codes.ts';
import type { Operator } from './definition.ts';
import { MICROSOFT } from './domains.ts';

/** Inputs: codes, scale and zero point of both operands, scale and zero point of the result. */
type Names = [string, string, string?, string?, string?, string?, string?, string?];
type Six = [number, number, number, number, number, number];

interface Operands {
  readonly dtype: CodeType;
  readonly layout: Layout;
  readonly values: Readonly<Record<'a' | 'b', Value>>;
  readonly shapes: { readonly aShape: readonly number[]; readonly bShape: readonly number[] };
}

function operandsOf(node: Node, lowering: Lowering): Operands {
  const [a, , , b] = node.inputs as unknown as [string, string, string, string];
  const dtype = codeType(node, lowering, a);
  const { layout, values, shapes } = aligned(lowering, [a, b], lowering.rank(node.outputs[0]!));
  return {
    dtype,
    layout,
    values: { a: values[0]!, b: values[1]! },
    shapes: { aShape: shapes[0]!, bShape: shapes[1]! },
  };
}

/** Emits the operand `factors`, from scales and zero points that are known now or at run time. */
function factorsOf(
  node: Node,
  lowering: Lowering,
  desc: (mode: QBinaryMode) => TensorDesc,
  compute: (mode: QBinaryMode, a: ScalarParams, b: ScalarParams, y: ScalarParams) => Tensor,
): Value {
  const [, aScale, aZero, , bScale, bZero, yScale, yZero] = node.inputs as Names;
  requireScalars(node, lowering, aZero, bZero, yZero);
  const dtype = codeType(node, lowering, node.inputs[0]!);
  const params = [aScale, aZero, bScale, bZero, yScale, yZero].map((name, i) =>
    i % 2 === 0 ? scaleOf(node, lowering, name) : zeroPointOf(lowering, name, dtype).value,
  );
  const mode = lowering.modes.binary;
  const factors = desc(mode);
  return lowering.host('factors', factors.dtype, factors.shape, params, (...scalars) => {
    const [sa, za, sb, zb, sy, zy] = scalars.map((scalar) => Number(scalar.data[0])) as Six;
    const param = (scale: number, zeroPoint: number): ScalarParams => ({ scale, zeroPoint });
    return compute(mode, param(sa, za), param(sb, zb), param(sy, zy));
  });
}

function qlinear(
  op: 'qadd' | 'qmul',
  desc: (mode: QBinaryMode) => TensorDesc,
  compute: Parameters<typeof factorsOf>[3],
): Operator {
  return {
    op: op === 'qadd' ? 'QLinearAdd' : 'QLinearMul',
    domain: MICROSOFT,
    infer: (node, context) => inferBinary(node, context, 3),
    lower(node, lowering) {
      const { dtype, layout, values, shapes } = operandsOf(node, lowering);
      const factors = factorsOf(node, lowering, desc, compute);
      const { clamp, output } = codeClampAfter(node, lowering, dtype);
      const spec = { ...shapes, dtype, mode: lowering.modes.binary, ...clamp };
      lowering.define(output, layout, lowering.kernel(op, spec, { ...values, factors }, output)['y']!);
    },
  };
}

export const qlinearBinaryOperators: readonly Operator[] = [
  qlinear('qadd', addFactorsDesc, addFactors),
  qlinear('qmul', mulFactorsDesc, mulFactors),
];
