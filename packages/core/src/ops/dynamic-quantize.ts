// scale = fround((max(0, max x) - min(0, min x)) / 255), zeroPoint = saturate(roundHalfEven(0 - min / scale)), y = quantize(x)
import type { OpDefinition } from './definition.ts';

export interface DynamicQuantizeSpec {
  readonly shape: readonly number[];
}

/** Float32 to uint8 codes with parameters from the tensor's own range. ONNX DynamicQuantizeLinear; numerics 4.2. */
export const dynamicQuantize: OpDefinition<DynamicQuantizeSpec> = {
  name: 'dynamicQuantize',
  tier: 'integer',
  check: () => {},
  inputs: (spec) => ({ x: { dtype: 'float32', shape: spec.shape } }),
  outputs: (spec) => ({
    y: { dtype: 'uint8', shape: spec.shape },
    scale: { dtype: 'float32', shape: [1] },
    zeroPoint: { dtype: 'uint8', shape: [1] },
  }),
};
