// Sums whose codes tell one way to round from another.
import { isFixedMode, type RequantizeMode } from '@halftone/core';

/** A sum with what it is multiplied by. */
export type Scaled = readonly [sum: number, multiplier: number];

/** Numerics 4.4: what tells the modes from each other. */
export const telling: readonly Scaled[] = [
  [1, 0.5],
  [-3, 0.5],
  [1, 0.25],
  [-5222, 0.0052493438],
  [3, 0.5],
  [-1, 0.5],
  [5, 0.5],
  [7, 0.75],
];

/** Past 2^24: the code depends on whether the sum, the product or both are rounded to float32. */
const large: readonly Scaled[] = [
  [30241367, 0.0000017029652781275217],
  [-35786879, 0.0000021097116587043274],
  [51182213, 0.0000014946599549148232],
  [-17536105, 0.000004875655122305034],
  [42561473, 0.0000016329321397279273],
  [-21937053, 0.000004262195034243632],
  [21226773, 0.000002803063807732542],
  [-20262343, 0.000004466413429327076],
];

/** Products that no int32 holds, which the float modes clamp before they convert. */
const pastInt32: readonly Scaled[] = [
  [2147483647, 1.7],
  [-2147483648, 1.7],
  [2147483647, 1],
  [1500000000, 2.5],
];

/** Sums with multipliers that show how a mode rounds: ties of either sign, and what is past 24 and 31 bits. */
export function tellingSums(mode: RequantizeMode): readonly Scaled[] {
  const ties = [-7, -5, -2, 0, 2, 9, 11].map((sum): Scaled => [sum, 0.5]);
  return [...telling, ...ties, ...large, ...(isFixedMode(mode) ? [] : pastInt32)];
}
