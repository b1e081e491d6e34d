// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zp), hi - zp)) + zp
import { codeRange, type HostIO, type HostOpObject, type RequantizeSpec } from '@halftone/core';
import { forEachChannel } from './shared/channels.ts';
import { codes, floats, ints, scalar } from './shared/operands.ts';
import { requantizers, supportsMode } from './shared/requantizers.ts';

function run(spec: RequantizeSpec, io: HostIO): void {
  const x = ints(io, 'x');
  const y = codes(io, 'y');
  const multipliers = floats(io, 'multiplier');
  const zeroPoint = scalar(io, 'zeroPoint');
  const formula = requantizers[spec.mode];
  const [lo, hi] = spec.clamp ?? codeRange(spec.to);
  forEachChannel(spec.shape, spec.axis, (channel, begin, end) => {
    const multiplier = multipliers[channel]!;
    for (let i = begin; i < end; i++) y[i] = formula(x[i]!, multiplier, zeroPoint, lo, hi);
  });
}

/** Int32 accumulators to 8-bit codes. */
export const requantize: HostOpObject<RequantizeSpec> = { run, supports: (spec) => supportsMode(spec.mode) };
