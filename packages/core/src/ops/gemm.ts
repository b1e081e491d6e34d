// y[i, j] = clamp(fround(sum over k of fround(a[i, k] * b[k, j]) + bias[j])), k ascending, each sum rounded once
import { checkFloatClamp, type FloatClamp } from './conv2d.ts';
import { isExtent, type OpDefinition, requireShape } from './definition.ts';

export interface GemmSpec {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A is stored [k, m]. */
  readonly transposeA: boolean;
  /** B is stored [n, k]. */
  readonly transposeB: boolean;
  readonly bias: boolean;
  readonly clamp?: FloatClamp;
}

/** Float matrix product. ONNX Gemm, MatMul. */
export const gemm: OpDefinition<GemmSpec> = {
  name: 'gemm',
  tier: 'float',
  packable: ['b'],
  check(spec) {
    requireShape(
      'gemm',
      [spec.batch, spec.m, spec.n, spec.k].every(isExtent),
      'batch, m, n and k are integers >= 0',
      spec,
    );
    checkFloatClamp('gemm', spec.clamp, spec);
  },
  inputs: ({ batch, m, n, k, ...spec }) => ({
    a: { dtype: 'float32', shape: spec.transposeA ? [batch, k, m] : [batch, m, k] },
    b: { dtype: 'float32', shape: spec.transposeB ? [batch, n, k] : [batch, k, n] },
    ...(spec.bias ? { bias: { dtype: 'float32', shape: [n] } } : {}),
  }),
  outputs: (spec) => ({ y: { dtype: 'float32', shape: [spec.batch, spec.m, spec.n] } }),
};
