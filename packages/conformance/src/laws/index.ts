import type { Law } from './law.ts';
import { afterwards, endings, recovery } from './life.ts';
import { aliasing, copies, counters, guards } from './memory.ts';
import { determinism, isolation, ordering, preparations } from './order.ts';
import { packedOnce } from './packed-once.ts';
import { capabilities, honesty, packing } from './promises.ts';
import { regions } from './regions.ts';
import { reshapes } from './reshapes.ts';

/** Rules that hold for every backend, whatever it computes. */
export const laws: readonly Law[] = [
  counters,
  copies,
  aliasing,
  guards,
  reshapes,
  ordering,
  preparations,
  determinism,
  isolation,
  honesty,
  capabilities,
  packing,
  packedOnce,
  regions,
  recovery,
  endings,
  afterwards,
];
