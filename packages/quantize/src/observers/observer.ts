import { HalftoneError, type ValueRange } from '@halftone/core';

/** Watches the values of one tensor, batch by batch, in constant memory. */
export interface Observer {
  /**
   * Takes in one batch: `batch` samples of equal length, one after the other. NaN is skipped and counted.
   * Throws HT_DATA_INVALID naming the tensor for an infinite value.
   */
  observe(values: Float32Array, batch: number): void;
  /** The range to quantize, from what was seen so far; [0, 0] where that was nothing. */
  range(): ValueRange;
  /** How many NaN were skipped. */
  readonly skipped: number;
}

/** Makes the observer of one tensor; the name is for messages. */
export type ObserverFactory = (tensor: string) => Observer;

/** Smallest and largest value of a run of elements; min > max where all are NaN or there is none. */
export interface Extent extends ValueRange {
  readonly skipped: number;
}

/** Scans elements `begin` to `end`. Throws HT_DATA_INVALID naming `tensor` for an infinite value. */
export function scanExtent(tensor: string, values: Float32Array, begin: number, end: number): Extent {
  let min = Infinity;
  let max = -Infinity;
  let skipped = 0;
  for (let i = begin; i < end; i++) {
    const v = values[i] as number;
    if (v < min) min = v;
    if (v > max) max = v;
    if (Number.isNaN(v)) skipped++;
  }
  if (min === -Infinity || max === Infinity) {
    throw new HalftoneError(
      'HT_DATA_INVALID',
      `${tensor} is infinite on calibration data; leave out that sample, or exclude the nodes around it`,
      { tensor },
    );
  }
  return { min, max, skipped };
}
