import { aliases } from './aliases.ts';
import { blocks } from './blocks.ts';
import { bounds } from './bounds.ts';
import { floats } from './floats.ts';
import { memory } from './memory.ts';
import type { Mutant } from './mutate.ts';
import { networks } from './networks.ts';
import { products } from './products.ts';
import { promises } from './promises.ts';
import { regions } from './regions.ts';
import { rounding } from './rounding.ts';
import { search } from './search.ts';
import { shapes } from './shapes.ts';
import { tables } from './tables.ts';
import { timeline } from './timeline.ts';
import { windows } from './windows.ts';

/** Mistakes of ops. */
export const arithmeticMutants: readonly Mutant[] = [
  ...rounding,
  ...products,
  ...blocks,
  ...windows,
  ...tables,
  ...search,
  ...floats,
  ...networks,
];

/** Mistakes with everything around them. */
export const contractMutants: readonly Mutant[] = [
  ...memory,
  ...bounds,
  ...aliases,
  ...shapes,
  ...timeline,
  ...regions,
  ...promises,
];
