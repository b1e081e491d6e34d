import { HalftoneError } from '../errors.ts';
import { axisLayout } from './axis.ts';
import type { ValueRange } from './params.ts';

/**
 * Smallest and largest value of an array, for each index of `axis` or as a list of one; NaN is skipped, and values
 * that are all NaN or none have the range [0, 0].
 * Throws HT_INVALID_ARGUMENT at the first infinite value, which no finite scale covers.
 */
export function arrayRanges(x: Float32Array, shape: readonly number[], axis?: number): ValueRange[] {
  const { outer, channels, inner } = axisLayout(shape, axis);
  const low = new Float32Array(channels).fill(Infinity);
  const high = new Float32Array(channels).fill(-Infinity);
  for (let o = 0, i = 0; o < outer; o++) {
    for (let c = 0; c < channels; c++) {
      let min = low[c] as number;
      let max = high[c] as number;
      for (const end = i + inner; i < end; i++) {
        const v = x[i] as number;
        if (v < min) min = v;
        if (v > max) max = v;
      }
      low[c] = min;
      high[c] = max;
    }
  }
  return Array.from(low, (min, c) => {
    const max = high[c] as number;
    if (min === -Infinity || max === Infinity) {
      const index = x.findIndex((v) => Math.abs(v) === Infinity);
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `element ${index} is infinite: no finite scale covers it; pass range or scale, and it saturates`,
        { index },
      );
    }
    return min > max ? { min: 0, max: 0 } : { min, max };
  });
}
