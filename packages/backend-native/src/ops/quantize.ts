// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint)
import { codeRange, heldAs, type HostKernel, type PreparedHostOp, type QuantizeSpec } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';
import { channelsOf, codes, floats, heldKinds, isByte } from './shared.ts';

export function quantize(addon: Addon, engine: Engine): PreparedHostOp<QuantizeSpec> {
  return {
    prepare(spec) {
      const { shape, axis, to, block } = spec;
      if (!isByte(to) || block !== undefined) return quantizeForm(addon, engine, spec);
      const [outer, channels, inner] = channelsOf(shape, axis);
      const signed = to === 'int8';
      return {
        variant: `quantize_${engine.isa}`,
        run: (io) =>
          engine.quantize(
            floats(io, 'x'),
            floats(io, 'scale'),
            codes(io, 'zeroPoint'),
            codes(io, 'y'),
            outer,
            channels,
            inner,
            signed,
          ),
      };
    },
  };
}

/** Codes of another width, or parameters of blocks. */
function quantizeForm(
  addon: Addon,
  engine: Engine,
  { shape, axis, to, block = 0 }: QuantizeSpec,
): HostKernel {
  const [outer, channels, inner] = channelsOf(shape, axis);
  const kind = heldKinds[heldAs(to)];
  const [lo, hi] = codeRange(to);
  return {
    variant: `quantize_form_${engine.isa}`,
    run: (io) =>
      addon.quantizeForm(
        engine,
        floats(io, 'x'),
        floats(io, 'scale'),
        io['zeroPoint']!.data,
        io['y']!.data,
        outer,
        channels,
        inner,
        block,
        kind,
        lo,
        hi,
      ),
  };
}
