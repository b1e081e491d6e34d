import { byteSize } from '../tensor.ts';
import type { Region } from './region.ts';

/** Where the values of a region stand in one block of memory. */
export interface Arena {
  /** Bytes from the start of the block to each value; undefined for inputs and outputs of the region. */
  readonly offsets: readonly (number | undefined)[];
  readonly byteLength: number;
}

/**
 * Places the values between the steps of a region in one block: those that are needed at the same time stand apart, others
 * take each other's place. Largest first, each at the lowest place where it fits; `alignment` in bytes.
 */
export function planArena(region: Region, alignment: number): Arena {
  const { values, inputs, outputs, steps } = region;
  const outside = new Set([...inputs, ...outputs]);
  const lives = values.map(() => ({ first: Infinity, last: -1 }));
  for (const [i, step] of steps.entries()) {
    for (const value of [...Object.values(step.inputs), ...Object.values(step.outputs)]) {
      if (typeof value !== 'number') continue;
      const life = lives[value]!;
      life.first = Math.min(life.first, i);
      life.last = i;
    }
  }
  const offsets = new Array<number | undefined>(values.length).fill(undefined);
  const sizes = values.map((value) => Math.ceil(byteSize(value) / alignment) * alignment);
  const order = values
    .map((_, value) => value)
    .filter((value) => !outside.has(value) && lives[value]!.last >= 0)
    .sort((a, b) => sizes[b]! - sizes[a]! || a - b);
  const placed: number[] = [];
  let byteLength = 0;
  for (const value of order) {
    const { first, last } = lives[value]!;
    const taken = placed
      .filter((other) => lives[other]!.first <= last && lives[other]!.last >= first)
      .map((other) => [offsets[other]!, offsets[other]! + sizes[other]!] as const)
      .sort(([a], [b]) => a - b);
    let offset = 0;
    for (const [start, end] of taken) {
      if (start - offset >= sizes[value]!) break;
      offset = Math.max(offset, end);
    }
    offsets[value] = offset;
    placed.push(value);
    byteLength = Math.max(byteLength, offset + sizes[value]!);
  }
  return { offsets, byteLength };
}
