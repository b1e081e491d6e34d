// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint)
import type { PreparedHostOp, QuantizeSpec } from '@halftone/core';
import type { Engine } from '../native.ts';
import { channelsOf, codes, floats, isByte } from './shared.ts';

export function quantize(engine: Engine): PreparedHostOp<QuantizeSpec> {
  return {
    supports: ({ to, block }) => {
      if (!isByte(to)) return { reason: `codes are int8 and uint8, not ${to}` };
      return block === undefined || { reason: 'parameters of blocks are not supported' };
    },
    prepare({ shape, axis, to }) {
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
