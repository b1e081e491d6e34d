// y = fround(fround(x - zeroPoint) * scale); int32 has no zero point
import { type DequantizeSpec, heldAs, type HostKernel, type PreparedHostOp } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';
import { channelsOf, codes, floats, heldKinds, ints } from './shared.ts';

const kinds: Readonly<Record<string, 0 | 1 | 2>> = { uint8: 0, int8: 1, int32: 2 };

export function dequantize(addon: Addon, engine: Engine): PreparedHostOp<DequantizeSpec> {
  return {
    prepare(spec) {
      const { shape, axis, from, block } = spec;
      const kind = kinds[from];
      if (kind === undefined || block !== undefined) return dequantizeForm(addon, engine, spec);
      const [outer, channels, inner] = channelsOf(shape, axis);
      return {
        variant: `dequantize_${engine.isa}`,
        run: (io) =>
          engine.dequantize(
            kind === 2 ? ints(io, 'x') : codes(io, 'x'),
            floats(io, 'scale'),
            kind === 2 ? null : codes(io, 'zeroPoint'),
            floats(io, 'y'),
            outer,
            channels,
            inner,
            kind,
          ),
      };
    },
  };
}

/** Codes of another width, or parameters of blocks. */
function dequantizeForm(
  addon: Addon,
  engine: Engine,
  { shape, axis, from, block = 0 }: DequantizeSpec,
): HostKernel {
  const [outer, channels, inner] = channelsOf(shape, axis);
  const kind = heldKinds[heldAs(from)];
  return {
    variant: `dequantize_form_${engine.isa}`,
    run: (io) =>
      addon.dequantizeForm(
        engine,
        io['x']!.data,
        floats(io, 'scale'),
        io['zeroPoint']?.data ?? null,
        floats(io, 'y'),
        outer,
        channels,
        inner,
        block,
        kind,
      ),
  };
}
