import { averageFactors, HalftoneError, isFixedMode, sizeOf, type WindowSpec, zeros } from '@halftone/core';
import { intAttr, intsAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';
import { requireFloat } from './require-float.ts';
import { codeType, factorsOf, requireScalars, scaleOf, zeroPointOf } from './codes.ts';
import type { InferContext, Operator } from './definition.ts';
import type { ValueType } from '../value-type.ts';
import { MICROSOFT } from './domains.ts';
import { coreWindow, spatialOf, windowExtents, windowOf } from './geometry.ts';

function kernelOf(node: Node): readonly number[] {
  const kernel = intsAttr(node, 'kernel_shape', []);
  if (kernel.length === 0)
    throw new HalftoneError('HT_MODEL_INVALID', `${node.op} ${node.name} has no kernel_shape`, {
      node: node.name,
      op: node.op,
    });
  return kernel;
}

function inferPool(node: Node, context: InferContext): ValueType[] {
  const { shape, elementType } = context.type(0);
  if (shape === undefined) return [{ elementType, shape }];
  refuseChannelsLast(node);
  const spatial = spatialOf(node, shape);
  return [
    {
      elementType,
      shape: [shape[0], shape[1], ...windowExtents(node, spatial, windowOf(node, spatial, kernelOf(node)))],
    },
  ];
}

function inferGlobal(node: Node, context: InferContext): ValueType[] {
  const { shape, elementType } = context.type(0);
  refuseChannelsLast(node);
  return [{ elementType, shape: shape && [shape[0], shape[1], ...spatialOf(node, shape).map(() => 1)] }];
}

function refuseChannelsLast(node: Node): void {
  if (intAttr(node, 'channels_last', 0) !== 0) {
    throw new HalftoneError('HT_UNSUPPORTED', `${node.op} ${node.name}: channels_last is not covered`, {
      node: node.name,
      op: node.op,
    });
  }
}

/** Elements of the largest window: an image of 4096 by 4096. */
const mostElements = 16_777_216;

function poolWindow(node: Node, lowering: Lowering, global: boolean): ReturnType<typeof coreWindow> {
  const spatial = lowering.shape(node.inputs[0]!).slice(2);
  const window = global
    ? {
        kernel: spatial,
        strides: spatial.map(() => 1),
        dilations: spatial.map(() => 1),
        pads: [...spatial, ...spatial].map(() => 0),
        ceil: false,
      }
    : windowOf(node, spatial, kernelOf(node));
  // With padding to match, a few bytes of attributes ask for any number of steps.
  if (sizeOf(window.kernel) > mostElements)
    throw lowering.refusal(node, `a window of [${window.kernel.join(', ')}] is not covered`);
  return coreWindow(node, lowering, node.inputs[0]!, node.outputs[0]!, window);
}

function maxPool(op: string, global: boolean): Operator {
  return {
    op,
    domain: '',
    infer: global ? inferGlobal : inferPool,
    lower(node, lowering) {
      if (node.outputs[1]) throw lowering.refusal(node, 'indices of the largest elements are not covered');
      const x = lowering.value(node.inputs[0]!, 'last');
      const window = poolWindow(node, lowering, global);
      const dtype = x.dtype === 'float32' ? undefined : codeType(node, lowering, node.inputs[0]!);
      const { y } = dtype
        ? lowering.kernel('qmaxpool', { ...window, dtype }, { x }, node.outputs[0]!)
        : lowering.kernel('maxpool', window, { x }, node.outputs[0]!);
      lowering.define(node.outputs[0]!, 'last', y!);
    },
  };
}

/** An image and its window, for a mean. */
interface Averaged {
  readonly x: Value;
  readonly window: WindowSpec & { readonly countIncludePad: boolean };
}

/** What AveragePool takes means of. */
function averaged(node: Node, lowering: Lowering, global: boolean): Averaged {
  const window = poolWindow(node, lowering, global);
  const x = lowering.value(node.inputs[0]!, 'last');
  const countIncludePad = intAttr(node, 'count_include_pad', 0) === 1;
  const rank = lowering.rank(node.inputs[0]!) - 2;
  const stated = intsAttr(node, 'pads', new Array<number>(2 * rank).fill(0)).slice(rank);
  const [bottom, right] = rank === 1 ? [0, stated[0]!] : [stated[0]!, stated[1]!];
  const [top, left, lowest, rightmost] = window.pads;
  const reachesOver = intAttr(node, 'ceil_mode', 0) === 1 && (lowest > bottom || rightmost > right);
  if (!countIncludePad || !reachesOver) return { x, window: { ...window, countIncludePad } };
  // ONNX counts the padding that the node states and not what ceil_mode adds: the first becomes part of the image.
  const { n, h, w, c } = window;
  const spec = {
    dtype: x.dtype,
    shape: [n, h, w, c],
    before: [0, top, left, 0],
    after: [0, bottom, right, 0],
    mode: 'constant',
  } as const;
  const padded = lowering.kernel(
    'pad',
    spec,
    { x, value: lowering.constant(zeros('float32', [1])) },
    node.outputs[0]!,
  )['y']!;
  return {
    x: padded,
    window: {
      ...window,
      h: top + h + bottom,
      w: left + w + right,
      pads: [0, 0, lowest - bottom, rightmost - right],
      countIncludePad: false,
    },
  };
}

function averagePool(op: string, global: boolean): Operator {
  return {
    op,
    domain: '',
    infer: global ? inferGlobal : inferPool,
    lower(node, lowering) {
      requireFloat(node, lowering, node.inputs[0]!);
      const { x, window } = averaged(node, lowering, global);
      lowering.define(
        node.outputs[0]!,
        'last',
        lowering.kernel('avgpool', window, { x }, node.outputs[0]!)['y']!,
      );
    },
  };
}

function qlinearAveragePool(op: string, global: boolean): Operator {
  return {
    op,
    domain: MICROSOFT,
    infer: global ? inferGlobal : inferPool,
    lower(node, lowering) {
      const [x, xScale, xZero, yScale, yZero] = node.inputs as [string, string, string?, string?, string?];
      const dtype = codeType(node, lowering, x);
      requireScalars(node, lowering, xZero, yZero);
      const xZeroPoint = zeroPointOf(lowering, xZero, dtype).value;
      // ONNX Runtime's own operator counts every element of a window, also of what ceil_mode adds.
      const countIncludePad = intAttr(node, 'count_include_pad', 0) === 1;
      const window = { ...poolWindow(node, lowering, global), countIncludePad };
      const [kh, kw] = window.kernel;
      const scales = [scaleOf(node, lowering, xScale), scaleOf(node, lowering, yScale)];
      // In fixed point the mean is a code of x, which one pair scales.
      const pairs = isFixedMode(lowering.modes.requantize) ? 1 : kh * kw;
      const factors = factorsOf(lowering, pairs, scales, (mode, sx, sy) =>
        averageFactors(mode, sx!.data[0] as number, sy!.data[0] as number, kh * kw),
      );
      const spec = { ...window, dtype, to: dtype, mode: lowering.modes.requantize };
      const inputs = {
        x: lowering.value(x, 'last'),
        xZeroPoint,
        ...factors.operands,
        zeroPoint: zeroPointOf(lowering, yZero, dtype).value,
      };
      lowering.define(
        node.outputs[0]!,
        'last',
        lowering.kernel('qavgpool', spec, inputs, node.outputs[0]!)['y']!,
      );
    },
  };
}

export const poolOperators: readonly Operator[] = [
  maxPool('MaxPool', false),
  maxPool('GlobalMaxPool', true),
  averagePool('AveragePool', false),
  averagePool('GlobalAveragePool', true),
  qlinearAveragePool('QLinearAveragePool', false),
  qlinearAveragePool('QLinearGlobalAveragePool', true),
];
