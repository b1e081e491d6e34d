import { HalftoneError } from '../errors.ts';

/** How a real number becomes an integer; `half-*` name where ties go. */
export type Rounding = 'half-even' | 'half-away' | 'half-up' | 'floor' | 'trunc';

const TWO_51 = 2251799813685248;
const TWO_52 = 4503599627370496;
/** Between 2^52 and 2^53 an f64 has a step of 1, so adding this rounds in hardware, ties to even. */
const MAGIC = TWO_52 + TWO_51;

/**
 * Rounds to the nearest integer, ties to even (IEEE 754 roundToIntegralTiesToEven, C `rint`).
 * Exact for every f64; the sign of zero, NaN and infinities are kept.
 */
export function roundHalfEven(x: number): number {
  if (Math.abs(x) < TWO_51) {
    const r = x + MAGIC - MAGIC;
    return r === 0 ? zeroLike(x) : r;
  }
  if (!(Math.abs(x) < TWO_52)) return x;
  return x < 0 ? x - TWO_52 + TWO_52 : x + TWO_52 - TWO_52;
}

/** The zero with the sign of `x`. */
function zeroLike(x: number): number {
  return x / Infinity;
}

function roundHalfAway(x: number): number {
  const whole = Math.trunc(x);
  // The fraction is exact; x + 0.5 would round 0.49999999999999994 up.
  return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
}

function roundHalfUp(x: number): number {
  const below = Math.floor(x);
  const r = x - below >= 0.5 ? below + 1 : below;
  return r === 0 ? zeroLike(x) : r;
}

const rounders: { readonly [R in Rounding]: (x: number) => number } = {
  'half-even': roundHalfEven,
  'half-away': roundHalfAway,
  'half-up': roundHalfUp,
  floor: Math.floor,
  trunc: Math.trunc,
};

/** Names of the rounding modes. */
export const roundings: readonly Rounding[] = Object.freeze(Object.keys(rounders) as Rounding[]);

/**
 * Gives the function that rounds in `mode`; each is exact for every f64 and keeps NaN and infinities.
 * Throws HT_INVALID_ARGUMENT for an unknown mode.
 */
export function rounder(mode: Rounding): (x: number) => number {
  if (!Object.hasOwn(rounders, mode)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown rounding ${String(mode)}; one of ${roundings.join(', ')} is needed`,
      {
        rounding: mode,
      },
    );
  }
  return rounders[mode];
}
