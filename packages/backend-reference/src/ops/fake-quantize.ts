// y = dequantize(quantize(x)), in float32
import { axisLayout, codeRange, type FakeQuantizeSpec, forEachParamRun, type HostIO } from '@halftone/core';
import { quantizeOne } from './quantize.ts';
import { anyCodes, floats } from './shared/operands.ts';

/** What quantization makes of a float tensor. */
export function fakeQuantize(spec: FakeQuantizeSpec, io: HostIO): void {
  const [lo, hi] = codeRange(spec.dtype);
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  const scales = floats(io, 'scale');
  const zeroPoints = anyCodes(io, 'zeroPoint');
  forEachParamRun(axisLayout(spec.shape, spec), (begin, end, first, stride) => {
    for (let i = begin, p = first; i < end; i++, p += stride) {
      const zeroPoint = zeroPoints[p]!;
      y[i] = (quantizeOne(x[i]!, scales[p]!, zeroPoint, lo, hi) - zeroPoint) * scales[p]!;
    }
  });
}
