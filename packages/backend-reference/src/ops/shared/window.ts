import { type WindowSpec, windowOutput } from '@halftone/core';

/** The taps of one window that lie inside the image, in order of rows, then columns. */
export interface Taps {
  count: number;
  /** Where the channels of each tap's pixel begin in the image. */
  readonly at: Int32Array;
  /** Which tap of the kernel each one is: kh * kernel width + kw. */
  readonly index: Int32Array;
}

/** Calls `visit` for each pixel of the output, in order of memory; `taps` is one object, filled anew each time. */
export function forEachWindow(spec: WindowSpec, visit: (pixel: number, taps: Taps) => void): void {
  const [height, width] = windowOutput(spec);
  const size = spec.kernel[0] * spec.kernel[1];
  const taps: Taps = { count: 0, at: new Int32Array(size), index: new Int32Array(size) };
  for (let n = 0, pixel = 0; n < spec.n; n++) {
    for (let oh = 0; oh < height; oh++) {
      for (let ow = 0; ow < width; ow++, pixel++) {
        fillTaps(spec, n, oh * spec.strides[0] - spec.pads[0], ow * spec.strides[1] - spec.pads[1], taps);
        visit(pixel, taps);
      }
    }
  }
}

function fillTaps(spec: WindowSpec, n: number, top: number, left: number, taps: Taps): void {
  const [kernelH, kernelW] = spec.kernel;
  const [stepH, stepW] = spec.dilations;
  let count = 0;
  for (let kh = 0, ih = top; kh < kernelH; kh++, ih += stepH) {
    if (ih < 0 || ih >= spec.h) continue;
    for (let kw = 0, iw = left; kw < kernelW; kw++, iw += stepW) {
      if (iw < 0 || iw >= spec.w) continue;
      taps.at[count] = ((n * spec.h + ih) * spec.w + iw) * spec.c;
      taps.index[count] = kh * kernelW + kw;
      count++;
    }
  }
  taps.count = count;
}
