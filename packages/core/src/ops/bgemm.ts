// y[i, j] = k - 2 * popcount(a[i] xor b[j]): the dot product of two rows of signs, a bit each, 1 for -1
import { isExtent, type OpDefinition, requireShape } from './definition.ts';

export interface BgemmSpec {
  readonly m: number;
  readonly n: number;
  /** Signs of a row. */
  readonly k: number;
}

/** Most signs of a row: their sum is an int32. */
const MOST_SIGNS = 2147483647;

/**
 * Binary product A [m, k] by the rows of B [n, k], which are signs, low bits first, each row in whole bytes (`packSigns`).
 * Bits past k in the last byte of a row are 0; whatever they are, they do not count. Numerics 4.13.
 */
export const bgemm: OpDefinition<BgemmSpec> = {
  name: 'bgemm',
  tier: 'integer',
  packable: ['b'],
  check: (spec) =>
    requireShape(
      'bgemm',
      [spec.m, spec.n, spec.k].every(isExtent) && spec.k <= MOST_SIGNS,
      'm, n and k are integers >= 0, and k is below 2^31, for sums to be int32',
      spec,
    ),
  inputs: (spec) => ({
    a: { dtype: 'uint8', shape: [spec.m, Math.ceil(spec.k / 8)] },
    b: { dtype: 'uint8', shape: [spec.n, Math.ceil(spec.k / 8)] },
  }),
  outputs: (spec) => ({ y: { dtype: 'int32', shape: [spec.m, spec.n] } }),
};
