import type { WindowSpec } from '@halftone/core';
import { forEachWindow, type Taps } from './window.ts';

/** A window with its channels in and out. */
export interface ConvolutionSpec extends WindowSpec {
  readonly o: number;
  readonly groups: number;
}

/** The sums of one output pixel, in the arithmetic of one element type; offsets are into the image and the weights. */
export interface Sums {
  clear(): void;
  /** Adds to `count` sums from `first` on the products of `length` elements of the image with as many of each channel's weights. */
  dots(at: number, wAt: number, length: number, first: number, count: number): void;
  /** Adds to every sum the product of its own channel with its weight of one tap. */
  products(at: number, tap: number): void;
  /** Gives the finished sums to output pixel `pixel`. */
  emit(pixel: number): void;
}

/** True where every group has one input channel: weights are then wanted as [tap, o], to run along the channels. */
export function isDepthwise(spec: ConvolutionSpec): boolean {
  return spec.c === spec.groups;
}

/** Runs a convolution. Taps outside the image add nothing; the others are added in order of rows, columns, channels. */
export function convolve(spec: ConvolutionSpec, sums: Sums): void {
  const addTaps = isDepthwise(spec) ? addDepthwise : addDense;
  forEachWindow(spec, (pixel, taps) => {
    sums.clear();
    addTaps(spec, taps, sums);
    sums.emit(pixel);
  });
}

function addDepthwise(_spec: ConvolutionSpec, taps: Taps, sums: Sums): void {
  for (let t = 0; t < taps.count; t++) sums.products(taps.at[t]!, taps.index[t]!);
}

function addDense(spec: ConvolutionSpec, taps: Taps, sums: Sums): void {
  const { c, groups } = spec;
  const channels = c / groups;
  const count = spec.o / groups;
  const rows = count * spec.kernel[0] * spec.kernel[1] * channels;
  for (let t = 0, next = 1; t < taps.count; t = next, next++) {
    if (groups === 1) while (continues(taps, next, c)) next++;
    for (let g = 0; g < groups; g++) {
      sums.dots(
        taps.at[t]! + g * channels,
        g * rows + taps.index[t]! * channels,
        (next - t) * channels,
        g * count,
        count,
      );
    }
  }
}

/** True where a tap follows the one before it in the image as in the kernel, so that both are one longer run. */
function continues({ count, at, index }: Taps, t: number, c: number): boolean {
  return t < count && at[t] === at[t - 1]! + c && index[t] === index[t - 1]! + 1;
}
