// y = the first index (or the last) whose element is larger (smaller) than all before it
import type { HostOp } from '../backend/host-backend.ts';
import type { ArgExtremeSpec } from '../ops/reduce.ts';

/** Indices of extreme elements along an axis. */
export const argExtreme: HostOp<ArgExtremeSpec> = (spec, io) => {
  const { outer, extent, inner, largest, selectLast } = spec;
  const x = io['x']!.data as Float32Array;
  const y = io['y']!.data as BigInt64Array;
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++, to++) {
      const start = o * extent * inner + i;
      let [best, at] = [x[start]!, 0];
      for (let e = 1; e < extent; e++) {
        const value = x[start + e * inner]!;
        const better = largest ? value > best : value < best;
        if (better || (selectLast && value === best)) [best, at] = [value, e];
      }
      y[to] = BigInt(at);
    }
  }
};
