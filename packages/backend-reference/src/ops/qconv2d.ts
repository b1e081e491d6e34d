// acc[n, oh, ow, o] = sum over kh, kw, i of (x[n, ih, iw, g * c/groups + i] - xZeroPoint) * (w[o, kh, kw, i] - wZeroPoint[o])
// modulo 2^32, g the group of o; outside the image x is xZeroPoint, so those terms are 0
import type { HostIO, QConv2dSpec } from '@halftone/core';
import { centre, centreRows } from './shared/centre.ts';
import { convolve, isDepthwise } from './shared/convolve.ts';
import { epilogue } from './shared/epilogue.ts';
import { addDots, addProducts } from './shared/int-sums.ts';
import { codes, scalar } from './shared/operands.ts';
import { transposed } from './shared/transposed.ts';

/** Integer convolution. */
export function qconv2d(spec: QConv2dSpec, io: HostIO): void {
  const { c, o, kernel } = spec;
  const taps = kernel[0] * kernel[1];
  const rowLength = (taps * c) / spec.groups;
  const x = centre(codes(io, 'x'), scalar(io, 'xZeroPoint'));
  const rows = centreRows(codes(io, 'w'), o, codes(io, 'wZeroPoint'));
  const w = isDepthwise(spec) ? transposed(rows, o, taps) : rows;
  const emit = epilogue(spec, io);
  const acc = new Int32Array(o);
  convolve(spec, {
    clear: () => acc.fill(0),
    dots: (at, wAt, length, first, count) => addDots(x, at, w, wAt, rowLength, length, acc, first, count),
    products: (at, tap) => addProducts(x, at, w, tap * o, c, o / c, acc),
    emit: (pixel) => emit(acc, pixel * o),
  });
}
