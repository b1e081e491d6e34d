// values = the k largest (smallest) elements in order; of equal ones those of the lowest indices, the lowest first
import type { HostIO, PreparedHostOp, TopKSpec, TopKType, TypedArray } from '@halftone/core';
import type { Addon, Engine } from '../native.ts';

const kinds: { readonly [T in TopKType]: 0 | 1 | 2 | 3 } = { uint8: 0, int8: 1, int32: 2, float32: 3 };

/** The first elements along an axis. */
export function topK(addon: Addon, engine: Engine): PreparedHostOp<TopKSpec> {
  return {
    prepare({ outer, extent, inner, k, largest, dtype }) {
      const search = new addon.PreparedTopK(engine, outer, extent, inner, k, largest, kinds[dtype]);
      const data = (io: HostIO, name: string): TypedArray => io[name]!.data;
      return {
        variant: `topK_${engine.isa}`,
        run: (io) => search.run(data(io, 'x'), data(io, 'values'), data(io, 'indices')),
        dispose: () => search.dispose(),
      };
    },
  };
}
