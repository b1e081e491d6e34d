// lut256: y = table[x], table[x + 128] of int8. dynamicQuantize: numerics 4.2. im2col: patches as rows.
import {
  type DynamicQuantizeSpec,
  type Im2colSpec,
  type Lut256Spec,
  type PreparedHostOp,
  windowOutput,
} from '@halftone/core';
import type { Engine } from '../native.ts';
import { codes, floats } from './shared.ts';

export function lut256(engine: Engine): PreparedHostOp<Lut256Spec> {
  return {
    prepare: ({ from }) => ({
      variant: `lut256_${engine.isa}`,
      run: (io) => engine.lookup(codes(io, 'x'), codes(io, 'table'), codes(io, 'y'), from === 'int8'),
    }),
  };
}

export function dynamicQuantize(engine: Engine): PreparedHostOp<DynamicQuantizeSpec> {
  return {
    prepare: () => ({
      variant: `dynamicQuantize_${engine.isa}`,
      run: (io) =>
        engine.dynamicQuantize(
          floats(io, 'x'),
          codes(io, 'y') as Uint8Array,
          floats(io, 'scale'),
          codes(io, 'zeroPoint') as Uint8Array,
        ),
    }),
  };
}

export function im2col(engine: Engine): PreparedHostOp<Im2colSpec> {
  return {
    prepare(spec) {
      const { n, h, w, c, kernel, strides, pads, dilations, channels } = spec;
      const geometry = Int32Array.of(
        n,
        h,
        w,
        c,
        ...kernel,
        ...strides,
        pads[0],
        pads[1],
        ...dilations,
        ...channels,
        ...windowOutput(spec),
      );
      return {
        variant: 'im2col_copy',
        run: (io) => engine.im2col(codes(io, 'x'), codes(io, 'zeroPoint'), codes(io, 'y'), geometry),
      };
    },
  };
}
