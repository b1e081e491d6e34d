// y[(n, oh, ow), (kh, kw, c)] = x[n, oh * stride + kh * dilation - pad, ..., first + c], the zero point outside the image
import type { CodeType } from '../dtype.ts';
import { type OpDefinition, requireShape } from './definition.ts';
import { checkWindow, type WindowSpec, windowOutput } from './window.ts';

export interface Im2colSpec extends WindowSpec {
  readonly dtype: CodeType;
  /** The channels to take: those of one group. */
  readonly channels: readonly [first: number, count: number];
}

/** Patches of an NHWC image as the rows of a matrix, so that a convolution is a matrix product. */
export const im2col: OpDefinition<Im2colSpec> = {
  name: 'im2col',
  tier: 'derived',
  check(spec) {
    checkWindow('im2col', spec);
    const [first, count] = spec.channels;
    requireShape(
      'im2col',
      first >= 0 && count >= 0 && first + count <= spec.c,
      'channels lie inside c',
      spec,
    );
  },
  inputs: (spec) => ({
    x: { dtype: spec.dtype, shape: [spec.n, spec.h, spec.w, spec.c] },
    zeroPoint: { dtype: spec.dtype, shape: [1] },
  }),
  outputs(spec) {
    const [oh, ow] = windowOutput(spec);
    return {
      y: { dtype: spec.dtype, shape: [spec.n * oh * ow, spec.kernel[0] * spec.kernel[1] * spec.channels[1]] },
    };
  },
};
