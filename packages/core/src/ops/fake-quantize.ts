// y = dequantize(quantize(x)), in float32
import { type AnyCodeType, heldAs } from '../dtype.ts';
import { type BlockedSpec, type OpDefinition, paramShape, requireCodeType } from './definition.ts';

export interface FakeQuantizeSpec extends BlockedSpec {
  readonly dtype: AnyCodeType;
}

/** What quantization makes of a float tensor, still as floats. Is quantize, then dequantize. */
export const fakeQuantize: OpDefinition<FakeQuantizeSpec> = {
  name: 'fakeQuantize',
  tier: 'float',
  check(spec) {
    requireCodeType('fakeQuantize', spec.dtype, spec);
    paramShape('fakeQuantize', spec);
  },
  inputs(spec) {
    const params = paramShape('fakeQuantize', spec);
    return {
      x: { dtype: 'float32', shape: spec.shape },
      scale: { dtype: 'float32', shape: params },
      zeroPoint: { dtype: heldAs(spec.dtype), shape: params },
    };
  },
  outputs: (spec) => ({ y: { dtype: 'float32', shape: spec.shape } }),
};
