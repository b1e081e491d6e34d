// y[n, oh, ow, o] = clamp(fround(sum + bias[o])), the sum in f32 over kh, kw, i ascending, each product and each sum rounded once
import { type ConvTranspose2dSpec, type HostIO, transposedOutput } from '@halftone/core';
import { floatEpilogue } from './shared/float-epilogue.ts';
import { floats } from './shared/operands.ts';

const { fround } = Math;

/** Float transposed convolution. */
export function convTranspose2d(spec: ConvTranspose2dSpec, io: HostIO): void {
  const { n, h, w, c, o, groups, kernel, strides, dilations, pads } = spec;
  const [height, width] = transposedOutput(spec);
  const [ic, oc] = [c / groups, o / groups];
  const x = floats(io, 'x');
  const weights = floats(io, 'w');
  const emit = floatEpilogue(spec, io);
  const sums = new Float32Array(o);
  for (let image = 0, pixel = 0; image < n; image++) {
    for (let oh = 0; oh < height; oh++) {
      for (let ow = 0; ow < width; ow++, pixel++) {
        sums.fill(0);
        for (let kh = 0; kh < kernel[0]; kh++) {
          const ih = (oh + pads[0] - kh * dilations[0]) / strides[0];
          if (!(Number.isInteger(ih) && ih >= 0 && ih < h)) continue;
          for (let kw = 0; kw < kernel[1]; kw++) {
            const iw = (ow + pads[1] - kw * dilations[1]) / strides[1];
            if (!(Number.isInteger(iw) && iw >= 0 && iw < w)) continue;
            const from = ((image * h + ih) * w + iw) * c;
            for (let j = 0; j < o; j++) {
              const row = ((j * kernel[0] + kh) * kernel[1] + kw) * ic;
              const first = from + Math.floor(j / oc) * ic;
              let sum = sums[j]!;
              for (let i = 0; i < ic; i++) sum = fround(sum + fround(x[first + i]! * weights[row + i]!));
              sums[j] = sum;
            }
          }
        }
        emit(sums, pixel * o);
      }
    }
  }
}
