// scale = fround((max(0, max x) - min(0, min x)) / 255), zeroPoint = saturate(roundHalfEven(0 - min / scale)), y = quantize(x)
import { type DynamicQuantizeSpec, dynamicParams, type HostIO } from '@halftone/core';
import { quantizeOne } from './quantize.ts';
import { codes, floats } from './shared/operands.ts';

/** Float32 to uint8 codes with parameters from the tensor's own range; NaN is not part of it. */
export function dynamicQuantize(_spec: DynamicQuantizeSpec, io: HostIO): void {
  const x = floats(io, 'x');
  const y = codes(io, 'y');
  let min = 0;
  let max = 0;
  for (const v of x) {
    if (v < min) min = v;
    if (v > max) max = v;
  }
  const params = dynamicParams(min, max);
  const scale = params.scale[0]!;
  const zeroPoint = params.zeroPoint![0]!;
  floats(io, 'scale')[0] = scale;
  codes(io, 'zeroPoint')[0] = zeroPoint;
  for (let i = 0; i < x.length; i++) y[i] = quantizeOne(x[i]!, scale, zeroPoint, 0, 255);
}
