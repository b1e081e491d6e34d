// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint), one scale and zero point a tensor, an index of `axis` or a block.
import { type AnyCodeType, heldAs } from '../dtype.ts';
import { type BlockedSpec, type OpDefinition, paramShape, requireCodeType } from './definition.ts';

export interface QuantizeSpec extends BlockedSpec {
  /** What is not int8 or uint8 is an optional form. */
  readonly to: AnyCodeType;
}

/** Float32 to codes. ONNX QuantizeLinear; numerics 4.1. */
export const quantize: OpDefinition<QuantizeSpec> = {
  name: 'quantize',
  tier: 'required',
  check(spec) {
    requireCodeType('quantize', spec.to, spec);
    paramShape('quantize', spec);
  },
  inputs(spec) {
    const params = paramShape('quantize', spec);
    return {
      x: { dtype: 'float32', shape: spec.shape },
      scale: { dtype: 'float32', shape: params },
      zeroPoint: { dtype: heldAs(spec.to), shape: params },
    };
  },
  outputs: (spec) => ({ y: { dtype: heldAs(spec.to), shape: spec.shape } }),
};
