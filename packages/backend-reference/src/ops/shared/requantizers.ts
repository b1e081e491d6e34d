import { type Refusal, type RequantizeFunction, type RequantizeMode, requantizeModes } from '@halftone/core';

/** Between 2^52 and 2^53 a number has no fraction: adding this rounds. */
const MAGIC = 6755399441055744;
const { fround } = Math;

/** Core's `roundHalfEven` for numbers below 2^51, without its care for the sign of zero, which codes do not have. */
export function nearest(x: number): number {
  return x + MAGIC - MAGIC;
}

/** Core's formula of each mode. */
export const requantizers: { readonly [M in RequantizeMode]: RequantizeFunction } = {
  ...requantizeModes,
  // Spelled again with `nearest`, for it ends every inner loop.
  'ort-f32': (acc, multiplier, zeroPoint, lo, hi) => {
    const t = fround(fround(acc) * multiplier);
    const low = lo - zeroPoint;
    const high = hi - zeroPoint;
    return nearest(t < low ? low : t > high ? high : t) + zeroPoint;
  },
};

/** Whether a mode of requantization is known here. */
export function supportsMode(mode: RequantizeMode): true | Refusal {
  return Object.hasOwn(requantizers, mode) || { reason: `no requantization mode ${String(mode)}` };
}
