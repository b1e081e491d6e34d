// centred: d = x - mean, else d = x; y = fround(d / sqrt(mean of d^2 + epsilon)), means in f64 in ascending order
import { isExtent, type OpDefinition, requireShape } from './definition.ts';

export interface NormalizeSpec {
  /** Rows, and the elements of each that are normalized together. */
  readonly outer: number;
  readonly extent: number;
  /** The mean is taken away first; without it, what ONNX calls RMS. */
  readonly centred: boolean;
  readonly epsilon: number;
  /** Give `mean` and `inverse`, 1 / the square root, of each row too. */
  readonly statistics?: boolean;
}

/** Rows of variance 1, in f64, rounded to float32 once. Heart of ONNX LayerNormalization, InstanceNormalization, RMSNormalization. */
export const normalize: OpDefinition<NormalizeSpec> = {
  name: 'normalize',
  tier: 'float',
  check: (spec) =>
    requireShape(
      'normalize',
      [spec.outer, spec.extent].every(isExtent),
      'outer and extent are integers >= 0',
      spec,
    ),
  inputs: (spec) => ({ x: { dtype: 'float32', shape: [spec.outer, spec.extent] } }),
  outputs: ({ outer, extent, statistics }) => ({
    y: { dtype: 'float32', shape: [outer, extent] },
    ...(statistics
      ? { mean: { dtype: 'float32', shape: [outer] }, inverse: { dtype: 'float32', shape: [outer] } }
      : {}),
  }),
};
