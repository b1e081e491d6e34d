import type { Mutant } from './mutate.ts';
import { floats } from './floats.ts';
import { products } from './products.ts';
import { rounding } from './rounding.ts';
import { tables } from './tables.ts';
import { windows } from './windows.ts';

/** Every mutant. */
export const mutants: readonly Mutant[] = [...rounding, ...products, ...windows, ...tables, ...floats];
