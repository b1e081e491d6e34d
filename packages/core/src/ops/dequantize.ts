// y = fround((x - zeroPoint) * scale); an int32 code is rounded to f32 before the product, as ONNX Runtime does
import { type AnyCodeType, heldAs } from '../dtype.ts';
import { type BlockedSpec, type OpDefinition, paramShape, requireCodeType } from './definition.ts';

export interface DequantizeSpec extends BlockedSpec {
  /** int32 codes (biases) take no zero point; what is not int8, uint8 or int32 is an optional form. */
  readonly from: AnyCodeType | 'int32';
}

/** Codes to float32. ONNX DequantizeLinear; numerics 4.1. */
export const dequantize: OpDefinition<DequantizeSpec> = {
  name: 'dequantize',
  tier: 'required',
  check(spec) {
    if (spec.from !== 'int32') requireCodeType('dequantize', spec.from, spec);
    paramShape('dequantize', spec);
  },
  inputs(spec) {
    const dtype = heldAs(spec.from);
    const params = paramShape('dequantize', spec);
    return {
      x: { dtype, shape: spec.shape },
      scale: { dtype: 'float32', shape: params },
      ...(spec.from === 'int32' ? {} : { zeroPoint: { dtype, shape: params } }),
    };
  },
  outputs: (spec) => ({ y: { dtype: 'float32', shape: spec.shape } }),
};
