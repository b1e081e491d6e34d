// What becomes of an int32 accumulator: left as it is, requantized to codes, or scaled to float32.
import type { CodeType } from '../dtype.ts';
import type { RequantizeMode } from '../numerics/requantize.ts';
import type { TensorDesc } from '../tensor.ts';
import { type Descs, requireSpec } from './definition.ts';
import { checkClamp, checkMode, factorInputs } from './requantize.ts';

/** One value for the tensor, or one for each output channel (the columns of a GEMM). */
export type PerChannel = 'per-tensor' | 'per-channel';

export type AccumulatorOutput =
  /** y = acc + bias (int32, wrapping). */
  | { readonly type: 'int32' }
  /** y = requantize(acc + bias); operands `multiplier`, `shift` in the fixed-point modes, `zeroPoint`. */
  | {
      readonly type: 'codes';
      readonly dtype: CodeType;
      readonly mode: RequantizeMode;
      readonly multiplier: PerChannel;
      readonly clamp?: readonly [lo: number, hi: number];
    }
  /** y = fround(fround(acc + int32 bias) * multiplier), then fround(y + float bias); operand `multiplier`. */
  | { readonly type: 'float32'; readonly multiplier: PerChannel };

/** Which bias is added: int32 before scaling, or float32 after it (float32 output only). */
export type AccumulatorBias = 'none' | 'int32' | 'float32';

export interface AccumulatorSpec {
  readonly bias: AccumulatorBias;
  readonly output: AccumulatorOutput;
}

export function checkAccumulator(op: string, spec: AccumulatorSpec): void {
  requireSpec(
    op,
    spec.bias !== 'float32' || spec.output.type === 'float32',
    'a float32 bias needs float32 output',
    spec,
  );
  if (spec.output.type !== 'codes') return;
  checkMode(op, spec.output.mode, spec);
  checkClamp(op, spec.output.dtype, spec.output.clamp, spec);
}

/** The operands that the accumulator's way out needs, for `channels` output channels. */
export function accumulatorInputs(spec: AccumulatorSpec, channels: number): Descs {
  const inputs: Record<string, TensorDesc> = {};
  if (spec.bias !== 'none') inputs['bias'] = { dtype: spec.bias, shape: [channels] };
  const { output } = spec;
  if (output.type === 'int32') return inputs;
  const count = output.multiplier === 'per-channel' ? channels : 1;
  if (output.type === 'float32') inputs['multiplier'] = { dtype: 'float32', shape: [count] };
  else {
    Object.assign(inputs, factorInputs(output.mode, count));
    inputs['zeroPoint'] = { dtype: output.dtype, shape: [1] };
  }
  return inputs;
}

export function accumulatorDtype(spec: AccumulatorSpec): 'int32' | 'float32' | CodeType {
  return spec.output.type === 'codes' ? spec.output.dtype : spec.output.type;
}
