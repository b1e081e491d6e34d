import type { Mutant } from './mutate.ts';
import { rounding } from './rounding.ts';

/** Every mutant. */
export const mutants: readonly Mutant[] = [...rounding];
