// y = fround((x - zeroPoint) * scale), the difference rounded to f32 first, which only int32 codes can feel
import {
  axisLayout,
  type CodeArray,
  type DequantizeSpec,
  forEachParamRun,
  type HostIO,
} from '@halftone/core';
import { anyCodes, floats } from './shared/operands.ts';

/** Codes to float32. */
export function dequantize(spec: DequantizeSpec, io: HostIO): void {
  const x = io['x']!.data as CodeArray | Int32Array;
  const y = floats(io, 'y');
  const scales = floats(io, 'scale');
  const zeroPoints = spec.from === 'int32' ? undefined : anyCodes(io, 'zeroPoint');
  forEachParamRun(axisLayout(spec.shape, spec), (begin, end, first, stride) => {
    for (let i = begin, p = first; i < end; i++, p += stride)
      y[i] = Math.fround(x[i]! - (zeroPoints?.[p] ?? 0)) * scales[p]!;
  });
}
