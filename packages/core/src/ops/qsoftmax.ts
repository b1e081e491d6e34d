// d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = saturate(p * 2^-22 / sy, in the fixed mode) + zy
// table[d] = roundHalfEven(2^30 * exp(-sx * d)); the sum is exact
import type { CodeType } from '../dtype.ts';
import { exp } from '../numerics/elementary.ts';
import type { FixedMode } from '../numerics/fixed-multiply.ts';
import { fixedFactors, isFixedMode, type RequantizeFactors } from '../numerics/requantize.ts';
import { roundHalfEven } from '../numerics/round.ts';
import { isExtent, type OpDefinition, requireShape, requireSpec } from './definition.ts';
import { factorInputs } from './requantize.ts';

export interface QSoftmaxSpec {
  /** The tensor seen as [outer, extent, inner]; the softmax runs along the middle. */
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  readonly from: CodeType;
  readonly to: CodeType;
  readonly mode: FixedMode;
}

/** Bits of a share of the whole. */
export const SHARE_BITS = 22;

const TWO_22 = 4194304;
const TWO_30 = 1073741824;

/** Softmax of codes in integers alone: powers from a table, one exact sum, one division. Numerics 4.13. */
export const qsoftmax: OpDefinition<QSoftmaxSpec> = {
  name: 'qsoftmax',
  tier: 'integer',
  check(spec) {
    requireSpec('qsoftmax', isFixedMode(spec.mode), `no fixed-point mode ${spec.mode}`, spec);
    requireShape(
      'qsoftmax',
      [spec.outer, spec.extent, spec.inner].every(isExtent) && spec.extent < TWO_22,
      'outer, extent and inner are integers >= 0, and extent is below 2^22, for the sum to be exact',
      spec,
    );
  },
  inputs: (spec) => ({
    x: { dtype: spec.from, shape: [spec.outer, spec.extent, spec.inner] },
    table: { dtype: 'int32', shape: [256] },
    ...factorInputs(spec.mode, 1),
    zeroPoint: { dtype: spec.to, shape: [1] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: [spec.outer, spec.extent, spec.inner] } }),
};

/** The `table` of `qsoftmax`: powers of e at the distances of two codes, with 30 bits of fraction. */
export function softmaxTable(xScale: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, d) => roundHalfEven(TWO_30 * exp(-xScale * d)));
}

/** The factors of `qsoftmax`. */
export function softmaxFactors(yScale: number): RequantizeFactors {
  return fixedFactors([1 / (TWO_22 * yScale)]);
}
