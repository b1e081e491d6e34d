// y[n, oh, ow, o] = clamp(fround(sum + bias[o])), sum in f32 over kh, kw, i ascending, each product and each sum rounded once,
// of x[n, ih, iw, g * c/groups + i] * w[o, kh, kw, i], g the group of o, where ih * stride + kh * dilation = oh + top, and iw so;
// taps that reach no pixel are left out of the sum
import { checkFloatClamp, type FloatClamp } from './conv2d.ts';
import { isExtent, type OpDefinition, requireSpec } from './definition.ts';
import { checkGroups, weightShape } from './qconv2d.ts';
import { checkWindow, type WindowSpec } from './window.ts';

/** The window slides over the output: `strides` are its steps there for a step in the input, `pads` what is cut off. */
export interface ConvTranspose2dSpec extends WindowSpec {
  readonly o: number;
  readonly groups: number;
  /** Rows below and columns to the right that are added to the output before `pads` are cut off. */
  readonly outputPadding: readonly [h: number, w: number];
  readonly bias: boolean;
  readonly clamp?: FloatClamp;
}

/** Float transposed convolution of an NHWC image with OHWI weights, O the channels of the output. ONNX ConvTranspose. */
export const convTranspose2d: OpDefinition<ConvTranspose2dSpec> = {
  name: 'convTranspose2d',
  tier: 'float',
  packable: ['w'],
  check(spec) {
    checkWindow('convTranspose2d', spec);
    checkGroups('convTranspose2d', spec);
    requireSpec(
      'convTranspose2d',
      spec.outputPadding.every(isExtent),
      'outputPadding are integers >= 0',
      spec,
    );
    checkFloatClamp('convTranspose2d', spec.clamp, spec);
  },
  inputs: (spec) => ({
    x: { dtype: 'float32', shape: [spec.n, spec.h, spec.w, spec.c] },
    w: { dtype: 'float32', shape: weightShape(spec) },
    ...(spec.bias ? { bias: { dtype: 'float32', shape: [spec.o] } } : {}),
  }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: [spec.n, ...transposedOutput(spec), spec.o] } }),
};

/** Height and width of the output: (extent - 1) * stride + reach + outputPadding - pads, reach = (kernel - 1) * dilation + 1. */
export function transposedOutput(spec: ConvTranspose2dSpec): readonly [h: number, w: number] {
  const [top, left, bottom, right] = spec.pads;
  const extent = (size: number, cut: number, axis: 0 | 1): number => {
    const reach = (spec.kernel[axis] - 1) * spec.dilations[axis] + 1;
    return Math.max(0, (size - 1) * spec.strides[axis] + reach + spec.outputPadding[axis] - cut);
  };
  return [extent(spec.h, top + bottom, 0), extent(spec.w, left + right, 1)];
}
