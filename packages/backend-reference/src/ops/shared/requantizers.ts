import {
  type HostIO,
  type RequantizeFactors,
  type RequantizeMode,
  type Requantizer,
  requantizer,
} from '@halftone/core';

/** Between 2^52 and 2^53 a number has no fraction: adding this rounds. */
const MAGIC = 6755399441055744;
const { fround } = Math;

/** Core's `roundHalfEven` for numbers below 2^51, without its care for the sign of zero, which codes do not have. */
export function nearest(x: number): number {
  return x + MAGIC - MAGIC;
}

/** Core's function of a mode over the operands `multiplier` and `shift`. */
export function requantizerOf(
  mode: RequantizeMode,
  io: HostIO,
  zeroPoint: number,
  lo: number,
  hi: number,
): Requantizer {
  const factors = { multiplier: io['multiplier']!.data, shift: io['shift']?.data } as RequantizeFactors;
  if (mode !== 'ort-f32') return requantizer(mode, factors, zeroPoint, lo, hi);
  // Spelled again with `nearest`, for it ends every inner loop.
  const { multiplier } = factors;
  const one = multiplier.length === 1;
  const low = lo - zeroPoint;
  const high = hi - zeroPoint;
  return (acc, channel) => {
    const t = fround(fround(acc) * multiplier[one ? 0 : channel]!);
    return nearest(t < low ? low : t > high ? high : t) + zeroPoint;
  };
}
