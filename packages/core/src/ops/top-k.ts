// values = the k largest (smallest) elements in order; of equal ones those of the lowest indices, the lowest first
import { isExtent, type OpDefinition, requireShape, requireSpec } from './definition.ts';

/** Types whose elements `topK` orders. */
export type TopKType = 'float32' | 'int32' | 'int8' | 'uint8';

const types: readonly TopKType[] = ['float32', 'int32', 'int8', 'uint8'];

export interface TopKSpec {
  readonly dtype: TopKType;
  /** The tensor seen as [outer, extent, inner]; the search runs along the middle. */
  readonly outer: number;
  readonly extent: number;
  readonly inner: number;
  /** How many are wanted, at most `extent`. */
  readonly k: number;
  /** The largest, in falling order, or the smallest, in rising order. */
  readonly largest: boolean;
}

const MOST_INDICES = 2147483647;

/**
 * The first k elements along an axis, and where they stood. NaN is larger than every number and equal to NaN, as numpy sorts
 * it; both zeros are equal. So with `largest` NaN comes first, without it last. ONNX TopK with sorted = 1.
 */
export const topK: OpDefinition<TopKSpec> = {
  name: 'topK',
  tier: 'integer',
  check(spec) {
    requireSpec('topK', types.includes(spec.dtype), `dtype is one of ${types.join(', ')}`, spec);
    requireShape(
      'topK',
      [spec.outer, spec.extent, spec.inner, spec.k].every(isExtent) && spec.extent <= MOST_INDICES,
      'outer, extent, inner and k are integers >= 0, and extent is below 2^31, for indices to be int32',
      spec,
    );
    requireShape('topK', spec.k <= spec.extent, 'k is at most the extent', spec);
  },
  inputs: (spec) => ({ x: { dtype: spec.dtype, shape: [spec.outer, spec.extent, spec.inner] } }),
  outputs: (spec) => ({
    values: { dtype: spec.dtype, shape: [spec.outer, spec.k, spec.inner] },
    indices: { dtype: 'int32', shape: [spec.outer, spec.k, spec.inner] },
  }),
};
