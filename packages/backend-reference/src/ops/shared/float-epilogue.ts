import type { FloatClamp, HostIO } from '@halftone/core';
import { floats } from './operands.ts';

/** `x` kept within a fused activation; NaN stays NaN. */
export function clampFloat(x: number, clamp: FloatClamp | undefined): number {
  if (clamp === undefined) return x;
  return x < clamp[0] ? clamp[0] : x > clamp[1] ? clamp[1] : x;
}

/** Makes the way from one row of float32 sums to the result: y = clamp(fround(sum + bias)). */
export function floatEpilogue(
  spec: { readonly bias: boolean; readonly clamp?: FloatClamp },
  io: HostIO,
): (sums: Float32Array, at: number) => void {
  const y = floats(io, 'y');
  const bias = spec.bias ? floats(io, 'bias') : undefined;
  const { clamp } = spec;
  return (sums, at) => {
    for (let j = 0; j < sums.length; j++) {
      const sum = bias ? Math.fround(sums[j]! + bias[j]!) : sums[j]!;
      y[at + j] = clampFloat(sum, clamp);
    }
  };
}
