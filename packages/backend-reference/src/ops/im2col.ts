// y[(n, oh, ow), (kh, kw, c)] = x[n, oh * stride + kh * dilation - pad, ..., first + c], the zero point outside the image
import type { HostIO, Im2colSpec } from '@halftone/core';
import { codes, scalar } from './shared/operands.ts';
import { forEachWindow } from './shared/window.ts';

/** Patches of an image as the rows of a matrix. */
export function im2col(spec: Im2colSpec, io: HostIO): void {
  const x = codes(io, 'x');
  const y = codes(io, 'y');
  const [first, count] = spec.channels;
  const rowLength = spec.kernel[0] * spec.kernel[1] * count;
  y.fill(scalar(io, 'zeroPoint'));
  forEachWindow(spec, (pixel, taps) => {
    for (let t = 0; t < taps.count; t++) {
      const from = taps.at[t]! + first;
      const to = pixel * rowLength + taps.index[t]! * count;
      for (let i = 0; i < count; i++) y[to + i] = x[from + i]!;
    }
  });
}
