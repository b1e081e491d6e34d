// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint), one scale and zero point a tensor or an index of `axis`.
import { codeRange, type HostIO, type QuantizeSpec } from '@halftone/core';
import { forEachChannel } from './shared/channels.ts';
import { codes, floats } from './shared/operands.ts';
import { nearest } from './shared/requantizers.ts';

/** Float32 to codes; NaN becomes the lowest code. */
export function quantize(spec: QuantizeSpec, io: HostIO): void {
  const [lo, hi] = codeRange(spec.to);
  const x = floats(io, 'x');
  const y = codes(io, 'y');
  const scales = floats(io, 'scale');
  const zeroPoints = codes(io, 'zeroPoint');
  forEachChannel(spec.shape, spec.axis, (channel, begin, end) => {
    const scale = scales[channel]!;
    const zeroPoint = zeroPoints[channel]!;
    for (let i = begin; i < end; i++) y[i] = quantizeOne(x[i]!, scale, zeroPoint, lo, hi);
  });
}

/** The code of one float; saturating before rounding gives the same, for the ends are integers, and sends NaN to the lowest. */
export function quantizeOne(x: number, scale: number, zeroPoint: number, lo: number, hi: number): number {
  const t = Math.fround(x / scale);
  const low = lo - zeroPoint;
  const high = hi - zeroPoint;
  return nearest(t > low ? (t < high ? t : high) : low) + zeroPoint;
}
