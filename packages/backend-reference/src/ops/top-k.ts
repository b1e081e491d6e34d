// values = the k largest (smallest) elements in order; of equal ones those of the lowest indices, the lowest first
import type { HostIO, TopKSpec } from '@halftone/core';

/** Above every number stands NaN; both zeros are equal, and so are two NaN. */
function isAbove(a: number, b: number): boolean {
  return a > b || (Number.isNaN(a) && !Number.isNaN(b));
}

/** The first elements along an axis. */
export function topK({ outer, extent, inner, k, largest }: TopKSpec, io: HostIO): void {
  const x = io['x']!.data as Float32Array;
  const values = io['values']!.data as Float32Array;
  const indices = io['indices']!.data as Int32Array;
  const order = new Uint32Array(extent);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (e: number): number => x[(o * extent + e) * inner + i]!;
      for (let e = 0; e < extent; e++) order[e] = e;
      order.sort((e, f) => {
        const [first, second] = largest ? [at(e), at(f)] : [at(f), at(e)];
        if (isAbove(first, second)) return -1;
        return isAbove(second, first) ? 1 : e - f;
      });
      for (let place = 0; place < k; place++) {
        const to = (o * k + place) * inner + i;
        values[to] = at(order[place]!);
        indices[to] = order[place]!;
      }
    }
  }
}
