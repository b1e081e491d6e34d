// y = dequantize(quantize(x)), in float32
import { codeRange, type FakeQuantizeSpec, type HostIO } from '@halftone/core';
import { quantizeOne } from './quantize.ts';
import { forEachChannel } from './shared/channels.ts';
import { codes, floats } from './shared/operands.ts';

/** What quantization makes of a float tensor. */
export function fakeQuantize(spec: FakeQuantizeSpec, io: HostIO): void {
  const [lo, hi] = codeRange(spec.dtype);
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  const scales = floats(io, 'scale');
  const zeroPoints = codes(io, 'zeroPoint');
  forEachChannel(spec.shape, spec.axis, (channel, begin, end) => {
    const scale = scales[channel]!;
    const zeroPoint = zeroPoints[channel]!;
    for (let i = begin; i < end; i++)
      y[i] = (quantizeOne(x[i]!, scale, zeroPoint, lo, hi) - zeroPoint) * scale;
  });
}
