import { HalftoneError } from '../errors.ts';
import { exponentOf, powerOfTwo } from './power-of-two.ts';
import { rounder } from './round.ts';

/** A multiplier in fixed point: `value = multiplier * 2^(shift - 31)`; a positive shift goes left. */
export interface Q31Multiplier {
  /** 0, or from 2^30 to 2^31 - 1. */
  readonly multiplier: number;
  /** From -31 to 30; 0 where the multiplier is 0. */
  readonly shift: number;
}

/** One try to write a multiplier as an integer over a power of two: `value = multiplier / 2^shift`. */
export interface MultiplierApproximation {
  readonly shift: number;
  readonly multiplier: number;
  readonly value: number;
  /** `value` less what it stands for; exact in f64. */
  readonly error: number;
}

const TWO_31 = 2147483648;
const MAX_SHIFT = 30;
const roundHalfAway = rounder('half-away');

/**
 * Writes a real multiplier as a 31-bit integer and a shift: `M = 2^shift * q / 2^31`, q rounded half away from zero.
 * A shift below -31 would leave no bit of any int32: such multipliers become 0.
 * Throws HT_INVALID_ARGUMENT for NaN, infinities, negative values and those that round to 2^30 or more, whose
 * products with an int32 leave int32. As TFLite's QuantizeMultiplier.
 */
export function decompose(multiplier: number): Q31Multiplier {
  requireMultiplier(multiplier);
  if (multiplier === 0) return { multiplier: 0, shift: 0 };
  // frexp has its fraction in [0.5, 1), so its exponent is one higher.
  const exponent = exponentOf(multiplier) + 1;
  if (exponent < -32) return { multiplier: 0, shift: 0 };
  const scaled = roundHalfAway(multiplier * powerOfTwo(31 - exponent));
  const [q, shift] = scaled === TWO_31 ? [TWO_31 / 2, exponent + 1] : [scaled, exponent];
  if (shift > MAX_SHIFT) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `multiplier ${multiplier} is too large: below 2^30 is needed; choose a larger output scale`,
      { multiplier },
    );
  }
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier: q, shift };
}

/**
 * The integers over 2^0, 2^1 .. 2^maxShift that are nearest to a multiplier (ties away from zero), with their errors.
 * Throws HT_INVALID_ARGUMENT for NaN, infinities and negative values, for a `maxShift` that is no integer from 0 to
 * 1023, and where `multiplier * 2^maxShift` reaches 2^53, beyond which f64 has not every integer.
 */
export function approximations(
  multiplier: number,
  options: { readonly maxShift: number },
): MultiplierApproximation[] {
  const { maxShift } = options;
  requireMultiplier(multiplier);
  if (!Number.isInteger(maxShift) || maxShift < 0 || maxShift > 1023) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `maxShift ${maxShift}: an integer from 0 to 1023 is needed`,
      {
        maxShift,
      },
    );
  }
  if (!Number.isSafeInteger(roundHalfAway(multiplier * powerOfTwo(maxShift)))) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `multiplier ${multiplier} * 2^${maxShift} passes 2^53; choose a smaller maxShift`,
      { multiplier, maxShift },
    );
  }
  return Array.from({ length: maxShift + 1 }, (_, shift) => {
    const nearest = roundHalfAway(multiplier * powerOfTwo(shift));
    const value = nearest / powerOfTwo(shift);
    return { shift, multiplier: nearest, value, error: value - multiplier };
  });
}

function requireMultiplier(multiplier: number): void {
  if (multiplier >= 0 && multiplier < Infinity) return;
  throw new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `multiplier ${multiplier}: a finite number of 0 or more is needed`,
    { multiplier },
  );
}
