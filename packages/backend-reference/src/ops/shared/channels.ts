import { sizeOf } from '@halftone/core';

/**
 * Calls `visit` for each run of elements that share one channel, in order of memory.
 * Without an axis there is one channel of all elements.
 */
export function forEachChannel(
  shape: readonly number[],
  axis: number | undefined,
  visit: (channel: number, begin: number, end: number) => void,
): void {
  if (axis === undefined) {
    visit(0, 0, sizeOf(shape));
    return;
  }
  const outer = sizeOf(shape.slice(0, axis));
  const channels = shape[axis]!;
  const inner = sizeOf(shape.slice(axis + 1));
  for (let o = 0, begin = 0; o < outer; o++) {
    for (let channel = 0; channel < channels; channel++, begin += inner) visit(channel, begin, begin + inner);
  }
}
