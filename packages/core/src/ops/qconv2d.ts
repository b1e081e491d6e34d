// acc[n, oh, ow, o] = sum over kh, kw, i of (x[n, ih, iw, g * c/groups + i] - xZeroPoint) * (w[o, kh, kw, i] - wZeroPoint[o])
// modulo 2^32, g the group of o; outside the image x is xZeroPoint
import type { CodeType } from '../dtype.ts';
import {
  type AccumulatorSpec,
  accumulatorDtype,
  accumulatorInputs,
  checkAccumulator,
  type PerChannel,
} from './accumulator.ts';
import { isExtent, type OpDefinition, requireShape } from './definition.ts';
import { checkWindow, type WindowSpec, windowOutput } from './window.ts';

export interface QConv2dSpec extends WindowSpec, AccumulatorSpec {
  /** Output channels. */
  readonly o: number;
  /** 1: dense; c: depthwise. */
  readonly groups: number;
  readonly x: CodeType;
  readonly weights: CodeType;
  readonly wZeroPoint: PerChannel;
}

/** Integer convolution of an NHWC image with OHWI weights. ONNX QLinearConv, ConvInteger; numerics 4.5. Is im2col, then qgemm. */
export const qconv2d: OpDefinition<QConv2dSpec> = {
  name: 'qconv2d',
  tier: 'derived',
  packable: ['w', 'wZeroPoint'],
  check(spec) {
    checkWindow('qconv2d', spec);
    checkGroups('qconv2d', spec);
    checkAccumulator('qconv2d', spec);
  },
  inputs: (spec) => ({
    x: { dtype: spec.x, shape: [spec.n, spec.h, spec.w, spec.c] },
    w: { dtype: spec.weights, shape: weightShape(spec) },
    xZeroPoint: { dtype: spec.x, shape: [1] },
    wZeroPoint: { dtype: spec.weights, shape: [spec.wZeroPoint === 'per-channel' ? spec.o : 1] },
    ...accumulatorInputs(spec, spec.o),
  }),
  outputs: (spec) => ({
    y: { dtype: accumulatorDtype(spec), shape: [spec.n, ...windowOutput(spec), spec.o] },
  }),
};

interface Grouped extends WindowSpec {
  readonly o: number;
  readonly groups: number;
}

export function checkGroups(op: string, spec: Grouped): void {
  requireShape(
    op,
    isExtent(spec.o) &&
      isExtent(spec.groups) &&
      spec.groups > 0 &&
      spec.c % spec.groups === 0 &&
      spec.o % spec.groups === 0,
    'groups divide the channels of the input and of the output',
    spec,
  );
}

/** OHWI, I the channels of one group. */
export function weightShape(spec: Grouped): readonly number[] {
  return [spec.o, ...spec.kernel, spec.c / spec.groups];
}
