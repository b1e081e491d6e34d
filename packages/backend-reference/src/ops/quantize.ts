// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint), one scale and zero point a tensor, an index of `axis` or a block.
import { axisLayout, codeRange, forEachParamRun, type HostIO, type QuantizeSpec } from '@halftone/core';
import { anyCodes, floats } from './shared/operands.ts';
import { nearest } from './shared/requantizers.ts';

/** Float32 to codes; NaN becomes the lowest code. */
export function quantize(spec: QuantizeSpec, io: HostIO): void {
  const [lo, hi] = codeRange(spec.to);
  const x = floats(io, 'x');
  const y = anyCodes(io, 'y');
  const scales = floats(io, 'scale');
  const zeroPoints = anyCodes(io, 'zeroPoint');
  forEachParamRun(axisLayout(spec.shape, spec), (begin, end, first, stride) => {
    for (let i = begin, p = first; i < end; i++, p += stride)
      y[i] = quantizeOne(x[i]!, scales[p]!, zeroPoints[p]!, lo, hi);
  });
}

/** The code of one float; saturating before rounding gives the same, for the ends are integers, and sends NaN to the lowest. */
export function quantizeOne(x: number, scale: number, zeroPoint: number, lo: number, hi: number): number {
  const t = Math.fround(x / scale);
  const low = lo - zeroPoint;
  const high = hi - zeroPoint;
  return nearest(t > low ? (t < high ? t : high) : low) + zeroPoint;
}
