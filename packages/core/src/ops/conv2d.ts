// Taps outside the image are left out of the sum, so that an infinite weight there makes no NaN.
// y[n, oh, ow, o] = clamp(fround(sum + bias[o])), sum in f32 over kh, kw, i ascending, each product and each sum rounded once
import { type OpDefinition, requireSpec } from './definition.ts';
import { checkGroups, weightShape } from './qconv2d.ts';
import { checkWindow, type WindowSpec, windowOutput } from './window.ts';

/** Lowest and highest float to give: a fused Relu or Clip. NaN stays NaN. */
export type FloatClamp = readonly [lo: number, hi: number];

export interface Conv2dSpec extends WindowSpec {
  readonly o: number;
  readonly groups: number;
  readonly bias: boolean;
  readonly clamp?: FloatClamp;
}

/** Float convolution of an NHWC image with OHWI weights. ONNX Conv. */
export const conv2d: OpDefinition<Conv2dSpec> = {
  name: 'conv2d',
  tier: 'float',
  packable: ['w'],
  check(spec) {
    checkWindow('conv2d', spec);
    checkGroups('conv2d', spec);
    checkFloatClamp('conv2d', spec.clamp, spec);
  },
  inputs: (spec) => ({
    x: { dtype: 'float32', shape: [spec.n, spec.h, spec.w, spec.c] },
    w: { dtype: 'float32', shape: weightShape(spec) },
    ...(spec.bias ? { bias: { dtype: 'float32', shape: [spec.o] } } : {}),
  }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: [spec.n, ...windowOutput(spec), spec.o] } }),
};

export function checkFloatClamp(op: string, clamp: FloatClamp | undefined, spec: object): void {
  if (clamp !== undefined) requireSpec(op, clamp[0] <= clamp[1], 'clamp is [low, high]', spec);
}
