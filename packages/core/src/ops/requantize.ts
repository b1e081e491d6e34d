// ort-f32: t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zp), hi - zp)) + zp; the others: numerics
import { type CodeType, codeRange } from '../dtype.ts';
import {
  isFixedMode,
  type RequantizeFactors,
  type RequantizeMode,
  requantizeModes,
} from '../numerics/requantize.ts';
import { tensor, type Tensor } from '../tensor.ts';
import { type Descs, type OpDefinition, paramCount, requireSpec } from './definition.ts';

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
    checkMode('requantize', spec.mode, spec);
    checkClamp('requantize', spec.to, spec.clamp, spec);
  },
  inputs: (spec) => ({
    x: { dtype: 'int32', shape: spec.shape },
    ...factorInputs(spec.mode, paramCount('requantize', spec.shape, spec.axis)),
    zeroPoint: { dtype: spec.to, shape: [1] },
  }),
  outputs: (spec) => ({ y: { dtype: spec.to, shape: spec.shape } }),
};

/** The operands that a mode multiplies with: `multiplier` in float32, or `multiplier` and `shift` in int32. */
export function factorInputs(mode: RequantizeMode, count: number): Descs {
  if (!isFixedMode(mode)) return { multiplier: { dtype: 'float32', shape: [count] } };
  return { multiplier: { dtype: 'int32', shape: [count] }, shift: { dtype: 'int32', shape: [count] } };
}

/** Factors as the operands that `factorInputs` names. */
export function factorTensors(factors: RequantizeFactors): Record<string, Tensor> {
  if (factors.shift === undefined) return { multiplier: tensor('float32', factors.multiplier) };
  return { multiplier: tensor('int32', factors.multiplier), shift: tensor('int32', factors.shift) };
}

export function checkMode(op: string, mode: RequantizeMode, spec: object): void {
  requireSpec(op, requantizeModes.includes(mode), `no requantization mode ${mode}`, spec);
}

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
