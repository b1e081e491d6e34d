import { byteSize } from '../tensor.ts';
import type { Region } from './region.ts';

/** Where the values of a region stand in one block of memory. */
export interface Arena {
  /** Bytes from the start of the block to each value; undefined for those outside. */
  readonly offsets: readonly (number | undefined)[];
  readonly byteLength: number;
}

/**
 * Places the values of a region in one block, but for those that are `outside`: what is needed at the same time stands apart,
 * the rest take each other's place. Largest first, each at the lowest place where it fits; `alignment` in bytes.
 */
export function planArena(region: Region, alignment: number, outside: ReadonlySet<number>): Arena {
  const { values, inputs, outputs, steps } = region;
  const lives = values.map(() => ({ first: Infinity, last: -1 }));
  const live = (value: number, at: number): void => {
    const life = lives[value]!;
    life.first = Math.min(life.first, at);
    life.last = Math.max(life.last, at);
  };
  for (const input of inputs) live(input, 0);
  for (const output of outputs) live(output, steps.length);
  for (const [i, step] of steps.entries()) {
    for (const value of [...Object.values(step.inputs), ...Object.values(step.outputs)])
      if (typeof value === 'number') live(value, i);
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
