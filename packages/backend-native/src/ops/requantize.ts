// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zeroPoint), hi - zeroPoint)) + zeroPoint
import type { PreparedHostOp, RequantizeSpec } from '@halftone/core';
import type { Engine } from '../native.ts';
import { channelsOf, codes, floats, ints, limits } from './shared.ts';

export function requantize(engine: Engine): PreparedHostOp<RequantizeSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-f32' || { reason: `mode ${mode} is not supported` },
    prepare({ shape, axis, to, clamp }) {
      const [outer, channels, inner] = channelsOf(shape, axis);
      const [lo, hi] = limits(to, clamp);
      return {
        variant: `requantize_${engine.isa}`,
        run: (io) =>
          engine.requantize(
            ints(io, 'x'),
            floats(io, 'multiplier'),
            codes(io, 'y'),
            outer,
            channels,
            inner,
            codes(io, 'zeroPoint'),
            lo,
            hi,
          ),
      };
    },
  };
}
