// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint), one scale and zero point a tensor or an index of `axis`.
import type { CodeType, WideCodeType } from '../dtype.ts';
import { type OpDefinition, paramCount } from './definition.ts';

export interface QuantizeSpec {
  readonly shape: readonly number[];
  /** 16 bits are an optional form. */
  readonly to: CodeType | WideCodeType;
  readonly axis?: number;
}

/** Float32 to codes. ONNX QuantizeLinear; numerics 4.1. */
export const quantize: OpDefinition<QuantizeSpec> = {
  name: 'quantize',
  tier: 'required',
  check: (spec) => void paramCount('quantize', spec.shape, spec.axis),
  inputs(spec) {
    const params = [paramCount('quantize', spec.shape, spec.axis)];
    return {
      x: { dtype: 'float32', shape: spec.shape },
      scale: { dtype: 'float32', shape: params },
      zeroPoint: { dtype: spec.to, shape: params },
    };
  },
  outputs: (spec) => ({ y: { dtype: spec.to, shape: spec.shape } }),
};
