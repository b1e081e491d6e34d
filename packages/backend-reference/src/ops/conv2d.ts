// y[n, oh, ow, o] = clamp(fround(sum + bias[o])), sum in f32 over kh, kw, i ascending, each product and each sum rounded once
import type { Conv2dSpec, HostIO } from '@halftone/core';
import { convolve, isDepthwise } from './shared/convolve.ts';
import { floatEpilogue } from './shared/float-epilogue.ts';
import { addDots, addProducts } from './shared/float-sums.ts';
import { floats } from './shared/operands.ts';
import { transposed } from './shared/transposed.ts';

/** Float convolution. */
export function conv2d(spec: Conv2dSpec, io: HostIO): void {
  const { c, o, kernel } = spec;
  const taps = kernel[0] * kernel[1];
  const rowLength = (taps * c) / spec.groups;
  const x = floats(io, 'x');
  const rows = floats(io, 'w');
  const w = isDepthwise(spec) ? transposed(rows, o, taps) : rows;
  const emit = floatEpilogue(spec, io);
  const sums = new Float32Array(o);
  convolve(spec, {
    clear: () => sums.fill(0),
    dots: (at, wAt, length, first, count) => addDots(x, at, w, wAt, rowLength, length, sums, first, count),
    products: (at, tap) => addProducts(x, at, w, tap * o, c, o / c, sums),
    emit: (pixel) => emit(sums, pixel * o),
  });
}
