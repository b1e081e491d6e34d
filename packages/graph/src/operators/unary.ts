import { type CodeType, codeRange, type DType, dtypes, sizeOf, tensor, type UnarySpec } from '@halftone/core';
import { floatAttr, intAttr } from '../attributes.ts';
import { codeBounds, floatBounds } from './clamp.ts';
import type { Operator } from './definition.ts';
import { shapeIn } from './geometry.ts';
import { shapeError } from '../shape-error.ts';

function unaryOperator(op: string, fn: 'sigmoid' | 'tanh'): Operator {
  return {
    op,
    domain: '',
    infer: (_node, context) => [context.type(0)],
    lower(node, lowering) {
      const x = node.inputs[0]!;
      const layout = lowering.layout(x);
      const spec: UnarySpec = { function: fn, shape: shapeIn(layout, lowering.shape(x)) };
      lowering.define(
        node.outputs[0]!,
        layout,
        lowering.kernel('unary', spec, { x: lowering.value(x, layout) }, node.outputs[0]!)['y']!,
      );
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

function clampOperator(op: 'Relu' | 'Clip'): Operator {
  return {
    op,
    domain: '',
    infer: (_node, context) => [context.type(0)],
    lower(node, lowering) {
      const x = node.inputs[0]!;
      const output = node.outputs[0]!;
      const dtype = lowering.dtype(x);
      const layout = lowering.layout(x);
      const value = lowering.value(x, layout);
      const shape = shapeIn(layout, lowering.shape(x));
      const isCode = dtype === 'int8' || dtype === 'uint8';
      const clamp = isCode ? codeBounds(node, lowering, dtype) : floatBounds(node, lowering);
      if (clamp === undefined)
        throw lowering.refusal(node, 'bounds that are not constants, or Relu on codes, are not covered');
      const y = isCode
        ? lowering.kernel(
            'lut256',
            { shape, from: dtype, to: dtype },
            { x: value, table: lowering.constant(tensor(dtype, clampTable(dtype, ...clamp), [256])) },
            output,
          )['y']!
        : lowering.kernel('unary', { function: 'clamp', shape, clamp }, { x: value }, output)['y']!;
      lowering.define(output, layout, y);
    },
  };
}

const softmax: Operator = {
  op: 'Softmax',
  domain: '',
  infer: (_node, context) => [context.type(0)],
  lower(node, lowering) {
    const shape = lowering.shape(node.inputs[0]!);
    const given = intAttr(node, 'axis', -1);
    const axis = given < 0 ? given + shape.length : given;
    if (axis < 0 || axis >= shape.length)
      throw lowering.refusal(node, `axis ${given} is not an axis of [${shape.join(', ')}]`);
    const spec = {
      outer: sizeOf(shape.slice(0, axis)),
      extent: shape[axis]!,
      inner: sizeOf(shape.slice(axis + 1)),
    };
    lowering.define(
      node.outputs[0]!,
      'plain',
      lowering.kernel('softmax', spec, { x: lowering.plain(node.inputs[0]!) }, node.outputs[0]!)['y']!,
    );
  },
};

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
    const from = lowering.dtype(x);
    const to = lowering.dtype(node.outputs[0]!);
    const layout = lowering.layout(x);
    const value = lowering.value(x, layout);
    if (from === to) return lowering.define(node.outputs[0]!, layout, value);
    const spec = { shape: shapeIn(layout, lowering.shape(x)), from, to };
    lowering.define(
      node.outputs[0]!,
      layout,
      lowering.kernel('cast', spec, { x: value }, node.outputs[0]!)['y']!,
    );
  },
};

const batchNormalization: Operator = {
  op: 'BatchNormalization',
  domain: '',
  infer: (_node, context) => [context.type(0)],
  lower(node, lowering) {
    const [x = '', ...names] = node.inputs;
    if (intAttr(node, 'training_mode', 0) !== 0) throw lowering.refusal(node, 'training mode is not covered');
    const epsilon = Math.fround(floatAttr(node, 'epsilon', 1e-5));
    const shape = lowering.shape(x);
    const [gamma, beta, mean, variance] = [0, 1, 2, 3].map((i) => {
      const data = lowering.constantOf(names[i] ?? '')?.data;
      if (!(data instanceof Float32Array))
        throw lowering.refusal(node, 'parameters that are no float32 constants are not covered');
      if (data.length !== shape[1])
        shapeError(node, `${data.length} parameters do not fit the channels of [${shape.join(', ')}]`);
      return data;
    }) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const { fround } = Math;
    const factor = gamma.map((g, i) => fround(g / fround(Math.sqrt(fround(variance[i]! + epsilon)))));
    const offset = beta.map((b, i) => fround(b - fround(mean[i]! * factor[i]!)));
    const layout = lowering.layout(x);
    const own = shapeIn(layout, shape);
    const channels = shapeIn(
      layout,
      shape.map((extent, axis) => (axis === 1 ? extent : 1)),
    );
    const output = node.outputs[0]!;
    const scaled = lowering.kernel(
      'binary',
      { function: 'mul', aShape: own, bShape: channels },
      { a: lowering.value(x, layout), b: lowering.constant(tensor('float32', factor, channels)) },
      output,
    )['y']!;
    const shifted = lowering.kernel(
      'binary',
      { function: 'add', aShape: own, bShape: channels },
      { a: scaled, b: lowering.constant(tensor('float32', offset, channels)) },
      output,
    )['y']!;
    lowering.define(output, layout, shifted);
  },
};

export const unaryOperators: readonly Operator[] = [
  clampOperator('Relu'),
  clampOperator('Clip'),
  unaryOperator('Sigmoid', 'sigmoid'),
  unaryOperator('Tanh', 'tanh'),
  softmax,
  cast,
  batchNormalization,
];
