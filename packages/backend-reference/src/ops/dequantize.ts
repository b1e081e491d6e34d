// y = fround((x - zeroPoint) * scale), the difference rounded to f32 first, which only int32 codes can feel
import type { DequantizeSpec, HostIO } from '@halftone/core';
import { forEachChannel } from './shared/channels.ts';
import { type Codes, codes, floats } from './shared/operands.ts';

/** Codes to float32. */
export function dequantize(spec: DequantizeSpec, io: HostIO): void {
  const x = io['x']!.data as Codes | Int32Array;
  const y = floats(io, 'y');
  const scales = floats(io, 'scale');
  const zeroPoints = spec.from === 'int32' ? undefined : codes(io, 'zeroPoint');
  forEachChannel(spec.shape, spec.axis, (channel, begin, end) => {
    const scale = scales[channel]!;
    const zeroPoint = zeroPoints?.[channel] ?? 0;
    for (let i = begin; i < end; i++) y[i] = Math.fround(x[i]! - zeroPoint) * scale;
  });
}
