import { sizeOf, type WindowSpec } from '@halftone/core';
import { intAttr, intsAttr } from '../attributes.ts';
import { shapeError } from '../shape-error.ts';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { requireFloat } from './require-float.ts';
import {
  accumulatorOutput,
  codeType,
  factorsOf,
  productFactors,
  requireScalars,
  scaleOf,
  zeroPointOf,
} from './codes.ts';
import { codeClampAfter, floatClampAfter } from './clamp.ts';
import { type InferContext, type Operator } from './definition.ts';
import { unknownType, type ValueType } from '../value-type.ts';
import { coreWindow, isKnown, spatialOf, type Window, windowExtents, windowOf } from './geometry.ts';

function infer(
  node: Node,
  context: InferContext,
  weightInput: number,
  elementType: ValueType['elementType'],
): ValueType[] {
  const x = context.type(0).shape;
  const w = context.type(weightInput).shape;
  if (x === undefined) return [{ elementType, shape: undefined }];
  const spatial = spatialOf(node, x);
  const kernel = w?.slice(2);
  if (kernel === undefined || !isKnown(kernel)) return [{ elementType, shape: undefined }];
  const groups = intAttr(node, 'group', 1);
  const [, c] = x;
  if (typeof c === 'number' && typeof w![1] === 'number' && w![1] * groups !== c)
    shapeError(node, `${w![1]} channels a group by ${groups} groups are not ${c}`);
  const window = windowOf(node, spatial, kernel);
  return [{ elementType, shape: [x[0], w![0], ...windowExtents(node, spatial, window)] }];
}

interface Geometry {
  readonly window: WindowSpec;
  readonly o: number;
  readonly groups: number;
}

function geometry(node: Node, lowering: Lowering, weights: string): Geometry {
  const wShape = lowering.shape(weights);
  const declared = intsAttr(node, 'kernel_shape', wShape.slice(2));
  const kernel = wShape.slice(2);
  if (declared.some((extent, i) => extent !== kernel[i]))
    shapeError(node, `kernel_shape [${declared.join(', ')}] is not the weights' [${kernel.join(', ')}]`);
  const window: Window = windowOf(node, lowering.shape(node.inputs[0]!).slice(2), kernel);
  return {
    window: coreWindow(node, lowering, node.inputs[0]!, node.outputs[0]!, window),
    o: wShape[0]!,
    groups: intAttr(node, 'group', 1),
  };
}

/** Weights [O, I, ...] as OHWI. */
function weightsLast(lowering: Lowering, name: string): Value {
  return lowering.value(name, 'last');
}

const conv: Operator = {
  op: 'Conv',
  domain: '',
  infer: (node, context) => infer(node, context, 1, context.type(0).elementType),
  lower(node, lowering) {
    requireFloat(node, lowering, ...node.inputs.filter(Boolean));
    const { window, o, groups } = geometry(node, lowering, node.inputs[1]!);
    const bias = node.inputs[2] ? { bias: lowering.plain(node.inputs[2]) } : {};
    const inputs = {
      x: lowering.value(node.inputs[0]!, 'last'),
      w: weightsLast(lowering, node.inputs[1]!),
      ...bias,
    };
    const { clamp, output } = floatClampAfter(node, lowering);
    const spec = { ...window, o, groups, bias: 'bias' in inputs, ...clamp };
    lowering.define(output, 'last', lowering.kernel('conv2d', spec, inputs, output)['y']!);
  },
};

const convInteger: Operator = {
  op: 'ConvInteger',
  domain: '',
  infer: (node, context) => infer(node, context, 1, 'int32'),
  lower(node, lowering) {
    const { window, o, groups } = geometry(node, lowering, node.inputs[1]!);
    const x = codeType(node, lowering, node.inputs[0]!);
    const weights = codeType(node, lowering, node.inputs[1]!);
    requireScalars(node, lowering, node.inputs[2]);
    const wZeroPoint = zeroPointOf(lowering, node.inputs[3], weights);
    const spec = {
      ...window,
      o,
      groups,
      x,
      weights,
      wZeroPoint: wZeroPoint.perChannel,
      bias: 'none',
      output: { type: 'int32' },
    } as const;
    const inputs = {
      x: lowering.value(node.inputs[0]!, 'last'),
      w: weightsLast(lowering, node.inputs[1]!),
      xZeroPoint: zeroPointOf(lowering, node.inputs[2], x).value,
      wZeroPoint: wZeroPoint.value,
    };
    lowering.define(
      node.outputs[0]!,
      'last',
      lowering.kernel('qconv2d', spec, inputs, node.outputs[0]!)['y']!,
    );
  },
};

const qlinearConv: Operator = {
  op: 'QLinearConv',
  domain: '',
  infer: (node, context) => infer(node, context, 3, context.type(7).elementType ?? unknownType.elementType),
  lower(node, lowering) {
    const [xName, xScale, xZero, wName, wScale, wZero, yScale, yZero, biasName] = node.inputs as string[];
    const { window, o, groups } = geometry(node, lowering, wName!);
    const x = codeType(node, lowering, xName!);
    const weights = codeType(node, lowering, wName!);
    const dtype = codeType(node, lowering, yZero!);
    requireScalars(node, lowering, xZero, yZero);
    const wZeroPoint = zeroPointOf(lowering, wZero, weights);
    const scales = [
      scaleOf(node, lowering, xScale),
      scaleOf(node, lowering, wScale, true),
      scaleOf(node, lowering, yScale),
    ];
    const factors = factorsOf(lowering, sizeOf(lowering.shape(wScale!)), scales, productFactors);
    const { clamp, output } = codeClampAfter(node, lowering, dtype);
    const spec = {
      ...window,
      o,
      groups,
      x,
      weights,
      wZeroPoint: wZeroPoint.perChannel,
      bias: biasName ? 'int32' : 'none',
      output: accumulatorOutput(lowering, dtype, factors, clamp),
    } as const;
    const inputs = {
      x: lowering.value(xName!, 'last'),
      w: weightsLast(lowering, wName!),
      xZeroPoint: zeroPointOf(lowering, xZero, x).value,
      wZeroPoint: wZeroPoint.value,
      ...(biasName ? { bias: lowering.plain(biasName) } : {}),
      ...factors.operands,
      zeroPoint: zeroPointOf(lowering, yZero, dtype).value,
    };
    lowering.define(output, 'last', lowering.kernel('qconv2d', spec, inputs, output)['y']!);
  },
};

export const convOperators: readonly Operator[] = [conv, convInteger, qlinearConv];
