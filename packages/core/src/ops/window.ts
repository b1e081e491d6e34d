// Geometry that convolution, pooling and im2col share. Images are NHWC.
import { isExtent, requireShape, requireSpec } from './definition.ts';

export interface WindowSpec {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly kernel: readonly [h: number, w: number];
  readonly strides: readonly [h: number, w: number];
  /** Rows and columns of padding; the two ends of an axis may differ. */
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
  readonly dilations: readonly [h: number, w: number];
}

/** Height and width of the output: floor((extent + pads - reach) / stride) + 1, reach = (kernel - 1) * dilation + 1. */
export function windowOutput(spec: WindowSpec): readonly [h: number, w: number] {
  const [top, left, bottom, right] = spec.pads;
  const extent = (size: number, axis: 0 | 1): number => {
    const reach = (spec.kernel[axis] - 1) * spec.dilations[axis] + 1;
    return Math.max(0, Math.floor((size - reach) / spec.strides[axis]) + 1);
  };
  return [extent(spec.h + top + bottom, 0), extent(spec.w + left + right, 1)];
}

export function checkWindow(op: string, spec: WindowSpec): void {
  requireShape(op, [spec.n, spec.h, spec.w, spec.c].every(isExtent), 'n, h, w and c are integers >= 0', spec);
  requireSpec(
    op,
    [...spec.kernel, ...spec.strides, ...spec.dilations].every((v) => isExtent(v) && v > 0),
    'kernel, strides and dilations are integers > 0',
    spec,
  );
  requireSpec(op, spec.pads.every(isExtent), 'pads are integers >= 0', spec);
}
