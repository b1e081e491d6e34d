// d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = requantize(p)
import { codeRange, type PreparedHostOp, type QSoftmaxSpec } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';
import { codes, fixedModes, ints } from './shared.ts';

export function qsoftmax(addon: Addon, engine: Engine): PreparedHostOp<QSoftmaxSpec> {
  return {
    prepare({ outer, extent, inner, to, mode }) {
      const [lo, hi] = codeRange(to);
      return {
        variant: `qsoftmax_${engine.isa}`,
        run: (io) =>
          addon.qsoftmax(
            engine,
            codes(io, 'x'),
            ints(io, 'table'),
            ints(io, 'multiplier'),
            ints(io, 'shift'),
            codes(io, 'y'),
            outer,
            extent,
            inner,
            fixedModes[mode],
            codes(io, 'zeroPoint'),
            lo,
            hi,
          ),
      };
    },
  };
}
