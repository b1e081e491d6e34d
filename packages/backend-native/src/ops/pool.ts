// qmaxpool: the largest code of each window. qavgpool: requantize(sum of (x - xZeroPoint), multiplier[count - 1])
import { codeRange, type PreparedHostOp, type QAvgPoolSpec, type QMaxPoolSpec } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';
import { codes, floats, windowOf } from './shared.ts';

export function qmaxpool(addon: Addon, engine: Engine): PreparedHostOp<QMaxPoolSpec> {
  return {
    prepare(spec) {
      const window = windowOf(spec);
      const signed = spec.dtype === 'int8';
      return {
        variant: `qmaxpool_${engine.isa}`,
        run: (io) => addon.maxPool(engine, codes(io, 'x'), codes(io, 'y'), window, signed),
      };
    },
  };
}

export function qavgpool(addon: Addon, engine: Engine): PreparedHostOp<QAvgPoolSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-f32' || { reason: `mode ${mode} is not supported` },
    prepare(spec) {
      const window = windowOf(spec);
      const [lo, hi] = codeRange(spec.to);
      return {
        variant: `qavgpool_${engine.isa}`,
        run: (io) =>
          addon.averagePool(
            engine,
            codes(io, 'x'),
            codes(io, 'xZeroPoint'),
            floats(io, 'multiplier'),
            codes(io, 'y'),
            window,
            codes(io, 'zeroPoint'),
            lo,
            hi,
            spec.countIncludePad,
          ),
      };
    },
  };
}
