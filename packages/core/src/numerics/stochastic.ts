import { HalftoneError } from '../errors.ts';
import { type Rounding, rounder } from './round.ts';

/** Rounds up with a probability of the fraction, so that the mean is kept; the same seed gives the same codes everywhere. */
export interface StochasticRounding {
  /** The seed: an integer from 0 to 2^32 - 1. */
  readonly stochastic: number;
}

const TWO_32 = 4294967296;
const GOLDEN = 0x9e3779b9;

/**
 * A number from 0 to 2^32 - 1 for each index under a seed; the numbers of a seed are a sequence that passes for random.
 * Counter-based, so that an element's draw depends on its place alone. Integer arithmetic modulo 2^32: a Weyl sequence
 * (Marsaglia 2003) through a bijective mixer of two multiplications (constants by Wellons 2018, lowbias32), after which
 * the seed enters, and the mixer once more.
 */
export function randomAt(seed: number, index: number): number {
  const first = mix(Math.imul(index + 1, GOLDEN));
  return mix((first + mix(seed ^ GOLDEN)) | 0) >>> 0;
}

function mix(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  return x ^ (x >>> 16);
}

/**
 * Gives the function that rounds the element at an index. Stochastic rounding gives floor(x) or the integer above, this
 * with the probability of the fraction, rounded up to a multiple of 2^-32; integers stay.
 * Throws HT_INVALID_ARGUMENT for an unknown mode and a seed that is no integer from 0 to 2^32 - 1.
 */
export function indexedRounder(
  rounding: Rounding | StochasticRounding,
): (x: number, index: number) => number {
  if (typeof rounding !== 'object' || rounding === null) return rounder(rounding);
  const seed = rounding.stochastic;
  if (!Number.isInteger(seed) || seed < 0 || seed >= TWO_32) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `stochastic rounding with seed ${String(seed)}: an integer from 0 to 2^32 - 1 is needed`,
      { seed },
    );
  }
  return (x, index) => {
    const below = Math.floor(x);
    return randomAt(seed, index) < (x - below) * TWO_32 ? below + 1 : below;
  };
}
