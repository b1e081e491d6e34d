import type { ValueRange } from '@halftone/core';
import { type Observer, scanExtent } from './observer.ts';

/**
 * Observes each sample's smallest and largest value and gives the mean of both, so that one outlier does not set the
 * range; samples of NaN alone do not count. How samples are cut into batches does not matter.
 */
export function meanMinMaxObserver(tensor: string): Observer {
  let sumMin = 0;
  let sumMax = 0;
  let samples = 0;
  let skipped = 0;
  return {
    observe(values: Float32Array, batch: number): void {
      const length = values.length / batch;
      for (let i = 0; i < batch; i++) {
        const extent = scanExtent(tensor, values, i * length, (i + 1) * length);
        skipped += extent.skipped;
        if (extent.min > extent.max) continue;
        sumMin += extent.min;
        sumMax += extent.max;
        samples++;
      }
    },
    range: (): ValueRange =>
      samples === 0 ? { min: 0, max: 0 } : { min: sumMin / samples, max: sumMax / samples },
    get skipped() {
      return skipped;
    },
  };
}
