// y = dequantize(quantize(x)), in float32
import { codeRange, type CodeType } from '../dtype.ts';
import { type OpDefinition, paramCount } from './definition.ts';

export interface FakeQuantizeSpec {
  readonly shape: readonly number[];
  readonly dtype: CodeType;
  readonly axis?: number;
}

/** What quantization makes of a float tensor, still as floats. Is quantize, then dequantize. */
export const fakeQuantize: OpDefinition<FakeQuantizeSpec> = {
  name: 'fakeQuantize',
  tier: 'float',
  check(spec) {
    codeRange(spec.dtype);
    paramCount('fakeQuantize', spec.shape, spec.axis);
  },
  inputs(spec) {
    const params = [paramCount('fakeQuantize', spec.shape, spec.axis)];
    return {
      x: { dtype: 'float32', shape: spec.shape },
      scale: { dtype: 'float32', shape: params },
      zeroPoint: { dtype: spec.dtype, shape: params },
    };
  },
  outputs: (spec) => ({ y: { dtype: 'float32', shape: spec.shape } }),
};
