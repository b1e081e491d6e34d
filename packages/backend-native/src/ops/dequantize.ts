// y = fround(fround(x - zeroPoint) * scale); int32 has no zero point
import type { DequantizeSpec, PreparedHostOp } from '@halftone/core';
import type { Engine } from '../native.ts';
import { channelsOf, codes, floats, ints } from './shared.ts';

const kinds: Readonly<Record<string, 0 | 1 | 2>> = { uint8: 0, int8: 1, int32: 2 };

export function dequantize(engine: Engine): PreparedHostOp<DequantizeSpec> {
  return {
    supports: ({ from, block }) => {
      if (kinds[from] === undefined) return { reason: `codes are int8, uint8 and int32, not ${from}` };
      return block === undefined || { reason: 'parameters of blocks are not supported' };
    },
    prepare({ shape, axis, from }) {
      const [outer, channels, inner] = channelsOf(shape, axis);
      const kind = kinds[from]!;
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
