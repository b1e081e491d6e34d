import { floatMutants } from './floats.ts';
import { imageMutants } from './images.ts';
import { memoryMutants } from './memory.ts';
import { promiseMutants } from './promises.ts';
import type { Mutant } from './mutate.ts';
import { qgemmMutants } from './qgemm.ts';
import { quantizeMutants } from './quantize.ts';
import { requantizeMutants } from './requantize.ts';
import { tableMutants } from './tables.ts';

/** Backends with one realistic mistake each; the suite finds every one. */
export const mutants: readonly Mutant[] = [
  ...quantizeMutants,
  ...requantizeMutants,
  ...qgemmMutants,
  ...imageMutants,
  ...tableMutants,
  ...floatMutants,
  ...memoryMutants,
  ...promiseMutants,
];
