import type { ValueRange } from '@halftone/core';
import { type Observer, scanExtent } from './observer.ts';

/** Observes the smallest and largest value of all batches; neither their order nor their size matters. */
export function minMaxObserver(tensor: string): Observer {
  let min = Infinity;
  let max = -Infinity;
  let skipped = 0;
  return {
    observe(values: Float32Array): void {
      const extent = scanExtent(tensor, values, 0, values.length);
      min = Math.min(min, extent.min);
      max = Math.max(max, extent.max);
      skipped += extent.skipped;
    },
    range: (): ValueRange => (min > max ? { min: 0, max: 0 } : { min, max }),
    get skipped() {
      return skipped;
    },
  };
}
