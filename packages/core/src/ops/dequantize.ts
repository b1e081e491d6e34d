// y = fround((x - zeroPoint) * scale); an int32 code is rounded to f32 before the product, as ONNX Runtime does
import type { CodeType, WideCodeType } from '../dtype.ts';
import { type OpDefinition, paramCount } from './definition.ts';

export interface DequantizeSpec {
  readonly shape: readonly number[];
  /** int32 codes (biases) take no zero point; 16 bits are an optional form. */
  readonly from: CodeType | WideCodeType | 'int32';
  readonly axis?: number;
}

/** Codes to float32. ONNX DequantizeLinear; numerics 4.1. */
export const dequantize: OpDefinition<DequantizeSpec> = {
  name: 'dequantize',
  tier: 'required',
  check: (spec) => void paramCount('dequantize', spec.shape, spec.axis),
  inputs(spec) {
    const params = [paramCount('dequantize', spec.shape, spec.axis)];
    const zeroPoint = spec.from === 'int32' ? {} : { zeroPoint: { dtype: spec.from, shape: params } };
    return {
      x: { dtype: spec.from, shape: spec.shape },
      scale: { dtype: 'float32', shape: params },
      ...zeroPoint,
    };
  },
  outputs: (spec) => ({ y: { dtype: 'float32', shape: spec.shape } }),
};
