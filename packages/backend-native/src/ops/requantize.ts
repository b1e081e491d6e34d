// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zeroPoint), hi - zeroPoint)) + zeroPoint; fixed modes: numerics
import type { HostKernel, PreparedHostOp, RequantizeSpec } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';
import { channelsOf, codes, fixedModes, floats, ints, limits } from './shared.ts';

export function requantize(addon: Addon, engine: Engine): PreparedHostOp<RequantizeSpec> {
  return {
    supports: ({ mode }) => mode !== 'onnx-ref' || { reason: `mode ${mode} is not supported` },
    prepare(spec) {
      const { shape, axis, to, clamp, mode } = spec;
      if (mode !== 'ort-f32') return requantizeFixed(addon, engine, spec);
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

/** Multiplied in integers. */
function requantizeFixed(
  addon: Addon,
  engine: Engine,
  { shape, axis, to, clamp, mode }: RequantizeSpec,
): HostKernel {
  const [outer, channels, inner] = channelsOf(shape, axis);
  const [lo, hi] = limits(to, clamp);
  const number = fixedModes[mode as keyof typeof fixedModes];
  return {
    variant: `requantize_fixed_${engine.isa}`,
    run: (io) =>
      addon.requantizeFixed(
        engine,
        ints(io, 'x'),
        ints(io, 'multiplier'),
        ints(io, 'shift'),
        codes(io, 'y'),
        outer,
        channels,
        inner,
        0,
        number,
        codes(io, 'zeroPoint'),
        lo,
        hi,
      ),
  };
}
