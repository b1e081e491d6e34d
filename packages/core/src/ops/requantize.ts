// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zp), hi - zp)) + zp
import { type CodeType, codeRange } from '../dtype.ts';
import type { RequantizeMode } from '../numerics/requantize.ts';
import { type OpDefinition, paramCount, requireSpec } from './definition.ts';

export interface RequantizeSpec {
  readonly shape: readonly number[];
  readonly to: CodeType;
  readonly mode: RequantizeMode;
  /** Axis of the multipliers; the zero point is always per tensor. */
  readonly axis?: number;
  /** Lowest and highest code to give: a fused activation. */
  readonly clamp?: readonly [lo: number, hi: number];
}

/** Int32 accumulators to 8-bit codes. Numerics 4.4 and 4.13. */
export const requantize: OpDefinition<RequantizeSpec> = {
  name: 'requantize',
  tier: 'required',
  check(spec) {
    paramCount('requantize', spec.shape, spec.axis);
    checkClamp('requantize', spec.to, spec.clamp, spec);
  },
  inputs: (spec) => ({
    x: { dtype: 'int32', shape: spec.shape },
    multiplier: { dtype: 'float32', shape: [paramCount('requantize', spec.shape, spec.axis)] },
    zeroPoint: { dtype: spec.to, shape: [1] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: spec.shape } }),
};

export function checkClamp(
  op: string,
  to: CodeType,
  clamp: readonly [number, number] | undefined,
  spec: object,
): void {
  if (clamp === undefined) return;
  const [min, max] = codeRange(to);
  const [lo, hi] = clamp;
  requireSpec(
    op,
    Number.isInteger(lo) && Number.isInteger(hi) && min <= lo && lo <= hi && hi <= max,
    `clamp [${lo}, ${hi}] is not a range of ${to} codes`,
    spec,
  );
}
