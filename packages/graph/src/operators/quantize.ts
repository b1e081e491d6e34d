import { type CodeType, sizeOf, type WideCodeType, zeros } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Layout, Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { constantParams, lowerAsTable } from './code-table.ts';
import type { Operator } from './definition.ts';
import { axisIn, shapeIn } from './geometry.ts';

interface Parameters {
  readonly layout: Layout;
  readonly shape: readonly number[];
  readonly axis: { readonly axis?: number };
  readonly scale: Value;
}

/** Layout, shape and axis of the parameters of a Q or DQ node. */
function parameters(node: Node, lowering: Lowering): Parameters {
  const [x, scaleName] = node.inputs as [string, string];
  if (intAttr(node, 'block_size', 0) !== 0)
    throw lowering.refusal(node, 'scales for each block are not covered');
  const layout = lowering.layout(x);
  const shape = lowering.shape(x);
  const scaleShape = lowering.shape(scaleName);
  const scale = lowering.plain(scaleName);
  if (scale.dtype !== 'float32') throw lowering.refusal(node, `a ${scale.dtype} scale is not covered`);
  if (sizeOf(scaleShape) === 1) return { layout, shape: shapeIn(layout, shape), axis: {}, scale };
  const given = intAttr(node, 'axis', 1);
  const axis = given < 0 ? given + shape.length : given;
  if (shape[axis] !== sizeOf(scaleShape))
    throw lowering.refusal(
      node,
      `${sizeOf(scaleShape)} scales do not fit axis ${given} of [${shape.join(', ')}]`,
    );
  return { layout, shape: shapeIn(layout, shape), axis: { axis: axisIn(layout, shape.length, axis) }, scale };
}

type StoredCode = CodeType | WideCodeType;

/** TensorProto.DataType of the code types. */
const codeTypes: Readonly<Record<number, StoredCode>> = { 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16' };

/** The dtype of a value that must hold codes of 8 or 16 bits. */
function storedCode(node: Node, lowering: Lowering, name: string): StoredCode {
  const dtype = lowering.dtype(name);
  if (Object.values<string>(codeTypes).includes(dtype)) return dtype as StoredCode;
  throw lowering.refusal(node, `${name} is ${dtype}; codes of 8 or 16 bits are covered`);
}

// One zero point for each scale: the operands of core's ops are as long as each other.
function zeroPoint(lowering: Lowering, name: string | undefined, dtype: StoredCode, scale: Value): Value {
  return name ? lowering.plain(name) : lowering.constant(zeros(dtype, [sizeOf(scale.shape)]));
}

const quantizeLinear: Operator = {
  op: 'QuantizeLinear',
  domain: '',
  infer: (node, context) => [
    {
      elementType: node.inputs[2]
        ? context.type(2).elementType
        : codeTypes[intAttr(node, 'output_dtype', 0) || 2],
      shape: context.type(0).shape,
    },
  ],
  lower(node, lowering) {
    if (lowerAsTable(node, lowering)) return;
    const { layout, shape, axis, scale } = parameters(node, lowering);
    const to = storedCode(node, lowering, node.outputs[0]!);
    const x = lowering.value(node.inputs[0]!, layout);
    if (x.dtype !== 'float32') throw lowering.refusal(node, `a ${x.dtype} input is not covered`);
    const inputs = { x, scale, zeroPoint: zeroPoint(lowering, node.inputs[2], to, scale) };
    lowering.define(
      node.outputs[0]!,
      layout,
      lowering.kernel('quantize', { shape, to, ...axis }, inputs, node.outputs[0]!)['y']!,
    );
  },
};

const dequantizeLinear: Operator = {
  op: 'DequantizeLinear',
  domain: '',
  infer: (_node, context) => [{ elementType: context.type(1).elementType, shape: context.type(0).shape }],
  lower(node, lowering) {
    const { layout, shape, axis, scale } = parameters(node, lowering);
    const [x] = node.inputs as [string];
    const from = lowering.dtype(x) === 'int32' ? 'int32' : storedCode(node, lowering, x);
    const zero = from === 'int32' ? {} : { zeroPoint: zeroPoint(lowering, node.inputs[2], from, scale) };
    const inputs = { x: lowering.value(node.inputs[0]!, layout), scale, ...zero };
    const params = constantParams(node, lowering, from);
    if (params) lowering.setOrigin(node.outputs[0]!, { codes: node.inputs[0]!, params });
    lowering.define(
      node.outputs[0]!,
      layout,
      lowering.kernel('dequantize', { shape, from, ...axis }, inputs, node.outputs[0]!)['y']!,
    );
  },
};

const dynamicQuantizeLinear: Operator = {
  op: 'DynamicQuantizeLinear',
  domain: '',
  infer: (_node, context) => [
    { elementType: 'uint8', shape: context.type(0).shape },
    { elementType: 'float32', shape: [] },
    { elementType: 'uint8', shape: [] },
  ],
  lower(node, lowering) {
    const x = node.inputs[0]!;
    const layout = lowering.layout(x);
    const results = lowering.kernel(
      'dynamicQuantize',
      { shape: shapeIn(layout, lowering.shape(x)) },
      { x: lowering.value(x, layout) },
      node.outputs[0]!,
    );
    const [y = '', scale = '', zero = ''] = node.outputs;
    lowering.define(y, layout, results['y']!);
    lowering.define(scale, 'plain', results['scale']!);
    lowering.define(zero, 'plain', results['zeroPoint']!);
  },
};

export const quantizeOperators: readonly Operator[] = [
  quantizeLinear,
  dequantizeLinear,
  dynamicQuantizeLinear,
];
