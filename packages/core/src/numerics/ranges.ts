import { HalftoneError } from '../errors.ts';
import { type AxisLayout, forEachParamRun, paramsOf } from './axis.ts';
import type { ValueRange } from './params.ts';

/**
 * Smallest and largest value of what shares a parameter, in the order of those; NaN is skipped, and values that are all
 * NaN or none have the range [0, 0].
 * Throws HT_INVALID_ARGUMENT at the first infinite value, which no finite scale covers.
 */
export function arrayRanges(x: Float32Array, layout: AxisLayout): ValueRange[] {
  const count = paramsOf(layout);
  const low = new Float32Array(count).fill(Infinity);
  const high = new Float32Array(count).fill(-Infinity);
  forEachParamRun(layout, (begin, end, first, stride) => {
    for (let i = begin, p = first; i < end; i++, p += stride) {
      const v = x[i] as number;
      if (v < (low[p] as number)) low[p] = v;
      if (v > (high[p] as number)) high[p] = v;
    }
  });
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
