import { type AnyCodeType, heldAs, isCodeType, sameShape, sizeOf, zeros } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Layout, Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { shapeError } from '../shape-error.ts';
import { blockedShape, blockOrigin, codeTypeOf } from './blocks.ts';
import { constantParams, lowerAsTable } from './code-table.ts';
import type { Operator } from './definition.ts';
import { axisIn, shapeIn } from './geometry.ts';

interface Parameters {
  readonly layout: Layout;
  readonly shape: readonly number[];
  readonly place: { readonly axis?: number; readonly block?: number };
  readonly scale: Value;
}

/** Layout, shape and place of the parameters of a Q or DQ node. */
function parameters(node: Node, lowering: Lowering): Parameters {
  const [x, scaleName] = node.inputs as [string, string];
  const precision = intAttr(node, node.op === 'QuantizeLinear' ? 'precision' : 'output_dtype', 0);
  if (precision > 1) throw lowering.refusal(node, `arithmetic of element type ${precision} is not covered`);
  const block = intAttr(node, 'block_size', 0);
  // Blocks follow the order of memory that ONNX has.
  const layout = block === 0 ? lowering.layout(x) : 'plain';
  const shape = lowering.shape(x);
  const scaleShape = lowering.shape(scaleName);
  const scale = lowering.plain(scaleName);
  if (scale.dtype !== 'float32') throw lowering.refusal(node, `a ${scale.dtype} scale is not covered`);
  if (block === 0 && sizeOf(scaleShape) === 1)
    return { layout, shape: shapeIn(layout, shape), place: {}, scale };
  const given = intAttr(node, 'axis', 1);
  const axis = given < 0 ? given + shape.length : given;
  if (block !== 0) {
    if (block < 0 || shape[axis] === undefined || !sameShape(scaleShape, blockedShape(shape, axis, block))) {
      const scales = `scales [${scaleShape.join(', ')}]`;
      shapeError(
        node,
        `${scales} are not those of blocks of ${block} along axis ${given} of [${shape.join(', ')}]`,
      );
    }
    return { layout, shape, place: { axis, block }, scale };
  }
  if (shape[axis] !== sizeOf(scaleShape))
    throw lowering.refusal(
      node,
      `${sizeOf(scaleShape)} scales do not fit axis ${given} of [${shape.join(', ')}]`,
    );
  return {
    layout,
    shape: shapeIn(layout, shape),
    place: { axis: axisIn(layout, shape.length, axis) },
    scale,
  };
}

/** The type of a value that must hold codes. */
function codeType(node: Node, lowering: Lowering, name: string): AnyCodeType {
  const type = lowering.elementType(name);
  if (isCodeType(type)) return type;
  throw lowering.refusal(node, `${name} is ${type}; codes of 2, 4, 8 or 16 bits are covered`);
}

// One zero point for each scale: the operands of core's ops are as long as each other.
function zeroPoint(lowering: Lowering, name: string | undefined, type: AnyCodeType, scale: Value): Value {
  return name ? lowering.plain(name) : lowering.constant(zeros(heldAs(type), [sizeOf(scale.shape)]));
}

const quantizeLinear: Operator = {
  op: 'QuantizeLinear',
  domain: '',
  infer: (node, context) => [
    {
      elementType: node.inputs[2] ? context.type(2).elementType : codeTypeOf(node),
      shape: context.type(0).shape,
    },
  ],
  lower(node, lowering) {
    if (lowerAsTable(node, lowering)) return;
    const { layout, shape, place, scale } = parameters(node, lowering);
    const to = codeType(node, lowering, node.outputs[0]!);
    const x = lowering.value(node.inputs[0]!, layout);
    if (x.dtype !== 'float32') throw lowering.refusal(node, `a ${x.dtype} input is not covered`);
    const inputs = { x, scale, zeroPoint: zeroPoint(lowering, node.inputs[2], to, scale) };
    lowering.define(
      node.outputs[0]!,
      layout,
      lowering.kernel('quantize', { shape, to, ...place }, inputs, node.outputs[0]!)['y']!,
    );
  },
};

const dequantizeLinear: Operator = {
  op: 'DequantizeLinear',
  domain: '',
  infer: (_node, context) => [{ elementType: context.type(1).elementType, shape: context.type(0).shape }],
  lower(node, lowering) {
    const { layout, shape, place, scale } = parameters(node, lowering);
    const [x] = node.inputs as [string];
    const from = lowering.dtype(x) === 'int32' ? 'int32' : codeType(node, lowering, x);
    const zero = from === 'int32' ? {} : { zeroPoint: zeroPoint(lowering, node.inputs[2], from, scale) };
    const inputs = { x: lowering.value(node.inputs[0]!, layout), scale, ...zero };
    const params = constantParams(node, lowering, from);
    if (params) lowering.setOrigin(node.outputs[0]!, { codes: node.inputs[0]!, params });
    const blocks = blockOrigin(node, (name) => lowering.known(name));
    if (blocks) lowering.setBlocks(node.outputs[0]!, blocks);
    lowering.define(
      node.outputs[0]!,
      layout,
      lowering.kernel('dequantize', { shape, from, ...place }, inputs, node.outputs[0]!)['y']!,
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
