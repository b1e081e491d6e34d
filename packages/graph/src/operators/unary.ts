import {
  type BinaryFunction,
  type CodeType,
  codeRange,
  type DType,
  dtypes,
  sizeOf,
  tensor,
  zeros,
} from '@halftone/core';
import { floatAttr, intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import { type Lowering, scalar } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { axisFrom } from './axes.ts';
import { codeBounds, floatBounds } from './clamp.ts';
import { lowerAsCodeSoftmax, lowerAsTable } from './code-table.ts';
import type { Operator } from './definition.ts';
import { functionOf, functionOperators, functionSpec } from './functions.ts';
import { shapeIn } from './geometry.ts';
import { requireFloat } from './require-float.ts';

function functionOperator([domain, op]: readonly [domain: string, op: string]): Operator {
  return {
    op,
    domain,
    infer: (_node, context) => [context.type(0)],
    lower(node, lowering) {
      if (lowerAsTable(node, lowering)) return;
      const [x, output] = [node.inputs[0]!, node.outputs[0]!];
      const applied = functionOf(node);
      if (applied === undefined) throw lowering.refusal(node, 'this form is not covered');
      const layout = lowering.layout(x);
      const shape = shapeIn(layout, lowering.shape(x));
      const value = lowering.value(x, layout);
      if (applied.function === 'neg' && value.dtype !== 'float32' && value.dtype !== 'bool') {
        const { dtype } = value;
        const spec = { function: 'sub', dtype, aShape: [1], bShape: shape } as const;
        const a = lowering.constant(zeros(dtype, [1]));
        return lowering.define(
          output,
          layout,
          lowering.kernel('binary', spec, { a, b: value }, output)['y']!,
        );
      }
      requireFloat(node, lowering, x);
      const spec = functionSpec(applied, shape);
      lowering.define(output, layout, lowering.kernel('unary', spec, { x: value }, output)['y']!);
    },
  };
}

/** Codes clamped to a range, as a table. */
function clampTable(dtype: CodeType, lo: number, hi: number): Int8Array & Uint8Array {
  const [min] = codeRange(dtype);
  const table: Int8Array | Uint8Array = new dtypes[dtype].Array(256);
  for (let i = 0; i < 256; i++) table[i] = Math.min(Math.max(i + min, lo), hi);
  return table as Int8Array & Uint8Array;
}

/** Bounds as operands: what Clip takes at run time, and Relu's 0. */
function boundOperands(node: Node, lowering: Lowering): { max?: Value; min?: Value } {
  const [x, lo = '', hi = ''] = node.inputs as [string, string?, string?];
  if (node.op === 'Relu') return { max: lowering.constant(zeros(lowering.dtype(x), [1])) };
  return {
    ...(lo === '' ? {} : { max: lowering.plain(lo) }),
    ...(hi === '' ? {} : { min: lowering.plain(hi) }),
  };
}

function clampOperator(op: 'Relu' | 'Clip'): Operator {
  return {
    op,
    domain: '',
    infer: (_node, context) => [context.type(0)],
    lower(node, lowering) {
      if (lowerAsTable(node, lowering)) return;
      const x = node.inputs[0]!;
      const output = node.outputs[0]!;
      const dtype = lowering.dtype(x);
      if (dtype === 'bool') throw lowering.refusal(node, 'bool has no order');
      const layout = lowering.layout(x);
      let value = lowering.value(x, layout);
      const shape = shapeIn(layout, lowering.shape(x));
      const isCode = dtype === 'int8' || dtype === 'uint8';
      const clamp = isCode
        ? codeBounds(node, lowering, dtype)
        : dtype === 'float32'
          ? floatBounds(node, lowering)
          : undefined;
      if (clamp === undefined) {
        // The larger of x and the lower bound, then the smaller of that and the upper one, as ONNX says.
        for (const [name, bound] of Object.entries(boundOperands(node, lowering))) {
          const spec = { function: name as 'min' | 'max', dtype, aShape: shape, bShape: [1] };
          value = lowering.kernel('binary', spec, { a: value, b: bound }, output)['y']!;
        }
      } else if (isCode) {
        const table = lowering.constant(tensor(dtype, clampTable(dtype, ...clamp), [256]));
        value = lowering.kernel('lut256', { shape, from: dtype, to: dtype }, { x: value, table }, output)[
          'y'
        ]!;
      } else
        value = lowering.kernel('unary', { function: 'clamp', shape, clamp }, { x: value }, output)['y']!;
      lowering.define(output, layout, value);
    },
  };
}

function softmaxOperator(op: 'Softmax' | 'LogSoftmax'): Operator {
  return {
    op,
    domain: '',
    infer: (_node, context) => [context.type(0)],
    lower(node, lowering) {
      requireFloat(node, lowering, node.inputs[0]!);
      const shape = lowering.shape(node.inputs[0]!);
      const axis = axisFrom(node, intAttr(node, 'axis', -1), shape.length);
      const sizes = {
        outer: sizeOf(shape.slice(0, axis)),
        extent: shape[axis]!,
        inner: sizeOf(shape.slice(axis + 1)),
      };
      if (op === 'Softmax' && lowerAsCodeSoftmax(node, lowering, sizes)) return;
      const spec = { ...sizes, ...(op === 'LogSoftmax' ? { logarithm: true } : {}) };
      lowering.define(
        node.outputs[0]!,
        'plain',
        lowering.kernel('softmax', spec, { x: lowering.plain(node.inputs[0]!) }, node.outputs[0]!)['y']!,
      );
    },
  };
}

/** ONNX element types by number, as far as values are computed. */
const castTypes: Readonly<Record<number, DType>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  9: 'bool',
};

const cast: Operator = {
  op: 'Cast',
  domain: '',
  infer: (node, context) => [
    { elementType: castTypes[intAttr(node, 'to', 0)], shape: context.type(0).shape },
  ],
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const to = lowering.dtype(node.outputs[0]!);
    const stored = lowering.stored(x);
    if (stored?.elementType === 'float64' && to !== 'float32')
      throw lowering.refusal(node, `float64 becomes float32 here, and no ${to}`);
    const from = stored?.tensor.dtype ?? lowering.dtype(x);
    const layout = stored ? 'plain' : lowering.layout(x);
    const value = stored ? lowering.constant(stored.tensor, x) : lowering.value(x, layout);
    if (from === to) return lowering.define(node.outputs[0]!, layout, value);
    const spec = { shape: shapeIn(layout, stored?.tensor.shape ?? lowering.shape(x)), from, to };
    lowering.define(
      node.outputs[0]!,
      layout,
      lowering.kernel('cast', spec, { x: value }, node.outputs[0]!)['y']!,
    );
  },
};

/** y = x * factor + offset, factor = scale / sqrt(variance + epsilon), offset = bias - mean * factor, each step in f32. */
const batchNormalization: Operator = {
  op: 'BatchNormalization',
  domain: '',
  infer: (_node, context) => [context.type(0)],
  lower(node, lowering) {
    const [x, ...names] = node.inputs as [string, string, string, string, string];
    if (intAttr(node, 'training_mode', 0) !== 0) throw lowering.refusal(node, 'training mode is not covered');
    if (names.length !== 4) throw lowering.refusal(node, 'scale, bias, mean and variance are needed');
    requireFloat(node, lowering, ...node.inputs);
    for (const name of names) {
      const count = sizeOf(lowering.shape(name));
      if (count !== lowering.shape(x)[1])
        shapeError(node, `${count} parameters do not fit the channels of [${lowering.shape(x).join(', ')}]`);
    }
    const output = node.outputs[0]!;
    const layout = lowering.layout(x);
    const own = shapeIn(layout, lowering.shape(x));
    const channels = shapeIn(
      layout,
      lowering.shape(x).map((extent, axis) => (axis === 1 ? extent : 1)),
    );
    const binary = (name: BinaryFunction, a: Value, b: Value, aShape = channels, bShape = channels): Value =>
      lowering.kernel('binary', { function: name, aShape, bShape }, { a, b }, output)['y']!;
    const [scale, bias, mean, variance] = names.map((name) => lowering.plain(name)) as [
      Value,
      Value,
      Value,
      Value,
    ];
    const epsilon = lowering.constant(scalar('float32', floatAttr(node, 'epsilon', 1e-5)));
    const deviation = lowering.kernel(
      'unary',
      { function: 'sqrt', shape: channels },
      { x: binary('add', variance, epsilon, channels, [1]) },
      output,
    )['y']!;
    const factor = binary('div', scale, deviation);
    const offset = binary('sub', bias, binary('mul', mean, factor));
    const scaled = binary('mul', lowering.value(x, layout), factor, own);
    lowering.define(output, layout, binary('add', scaled, offset, own));
  },
};

export const unaryOperators: readonly Operator[] = [
  clampOperator('Relu'),
  clampOperator('Clip'),
  ...functionOperators.map(functionOperator),
  softmaxOperator('Softmax'),
  softmaxOperator('LogSoftmax'),
  cast,
  batchNormalization,
];
