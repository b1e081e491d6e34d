import { HalftoneError } from '../errors.ts';
import { exponentOf, powerOfTwo } from './power-of-two.ts';
import { integerCodes } from './qmn.ts';
import { roundHalfEven } from './round.ts';

/** A fraction length and what it costs. */
export interface FractionalLength {
  /** Bits after the binary point: the step is 2^-fractionBits. */
  readonly fractionBits: number;
  /** Sum of the absolute errors. */
  readonly error: number;
}

/**
 * The fraction length whose fixed-point numbers are nearest to the values: argmin over fl of `sum |w - w(bits, fl)|`,
 * rounding half to even and saturating. Where several have the same error the largest wins, which is the finest step;
 * values that are all zero, or none, have 0.
 * `bits` counts the sign, 1 to 32; `signed` is true by default. Sums in f64, in order.
 * Throws HT_INVALID_ARGUMENT for values that are not finite and for bad bits.
 * Qiu et al. 2016, "Going Deeper with Embedded FPGA Platform for Convolutional Neural Network", section 5.2.
 */
export function fractionalLength(
  values: ArrayLike<number>,
  options: { readonly bits: number; readonly signed?: boolean | undefined },
): FractionalLength {
  const [min, max] = integerCodes(options);
  let [least, most, extreme] = [Infinity, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const w = values[i] as number;
    if (!Number.isFinite(w)) {
      throw new HalftoneError('HT_INVALID_ARGUMENT', `element ${i} is ${w}: finite values are needed`, {
        index: i,
      });
    }
    if (w !== 0) least = Math.min(least, Math.abs(w));
    if (Math.abs(w) > most) [most, extreme] = [Math.abs(w), w];
  }
  if (most === 0) return { fractionBits: 0, error: 0 };
  // Below the first every code is 0; above the last even the least value saturates, so errors grow.
  const first = Math.max(-exponentOf(most) - 2, -1023);
  const last = Math.min(options.bits - exponentOf(least), 1022);
  let best: FractionalLength = { fractionBits: first, error: Infinity };
  for (let fractionBits = first; fractionBits <= last; fractionBits++) {
    const step = powerOfTwo(-fractionBits);
    const error = absoluteError(values, step, min, max);
    if (error <= best.error) best = { fractionBits, error };
    // Saturated, the largest value alone costs more from here on, and more at every step.
    else if (saturates(extreme / step, min, max) && absoluteError([extreme], step, min, max) > best.error)
      break;
  }
  return best;
}

function absoluteError(values: ArrayLike<number>, step: number, min: number, max: number): number {
  let error = 0;
  for (let i = 0; i < values.length; i++) {
    const w = values[i] as number;
    error += Math.abs(w - roundHalfEven(Math.min(Math.max(w / step, min), max)) * step);
  }
  return error;
}

function saturates(t: number, min: number, max: number): boolean {
  return t > max || t < min;
}
