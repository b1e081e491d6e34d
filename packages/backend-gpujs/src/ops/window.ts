// Windows over images: where they begin, and their taps.
import { type WindowSpec, windowOutput } from '@halftone/core';
import { float } from '../glsl.ts';

/** Declares `image`, `oy` and `ox`, floats, of the pixel `row` of the result. */
export function pixelSource(spec: WindowSpec): string {
  const [oh, ow] = windowOutput(spec).map((extent) => Math.max(extent, 1)) as [number, number];
  return `int line = int(row) / ${ow}, stack = line / ${oh};
  float ox = float(int(row) - line * ${ow}), oy = float(line - stack * ${oh}), image = float(stack);`;
}

/** Does `step` for each tap `ty`, `tx` of the window that is inside the image, where `pixel` is the row of x. */
export function tapsSource({ h, w, kernel, strides, pads, dilations }: WindowSpec, step: string): string {
  return `for (int ty = 0; ty < ${kernel[0]}; ty++) for (int tx = 0; tx < ${kernel[1]}; tx++) {
    float iy = oy * ${float(strides[0])} + float(ty) * ${float(dilations[0])} - ${float(pads[0])};
    float ix = ox * ${float(strides[1])} + float(tx) * ${float(dilations[1])} - ${float(pads[1])};
    if (step(0.0, iy) * step(iy, ${float(h - 1)}) * step(0.0, ix) * step(ix, ${float(w - 1)}) < 0.5) continue;
    float pixel = (image * ${float(h)} + iy) * ${float(w)} + ix;
    ${step}
  }`;
}
