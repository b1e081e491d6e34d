// acc[i, j] = sum over k of (a[i, k] - aZeroPoint) * (b[k, j] - bZeroPoint[j])   modulo 2^32
import type { CodeType } from '../dtype.ts';
import {
  type AccumulatorSpec,
  accumulatorDtype,
  accumulatorInputs,
  checkAccumulator,
  type PerChannel,
} from './accumulator.ts';
import { isExtent, type OpDefinition, requireShape } from './definition.ts';

export interface QGemmSpec extends AccumulatorSpec {
  /** Independent products, stacked; 1 for a plain matrix product. */
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: CodeType;
  readonly b: CodeType;
  /** B is stored [n, k] instead of [k, n]. */
  readonly transposeB: boolean;
  /** Zero point of B: one, or one a column. */
  readonly bZeroPoint: PerChannel;
}

/** Integer matrix product A [m, k] by B [k, n], any signedness. ONNX MatMulInteger, QLinearMatMul; numerics 4.5. */
export const qgemm: OpDefinition<QGemmSpec> = {
  name: 'qgemm',
  tier: 'required',
  packable: ['b', 'bZeroPoint'],
  check(spec) {
    requireShape(
      'qgemm',
      [spec.batch, spec.m, spec.n, spec.k].every(isExtent),
      'batch, m, n and k are integers >= 0',
      spec,
    );
    checkAccumulator('qgemm', spec);
  },
  inputs: (spec) => ({
    a: { dtype: spec.a, shape: [spec.batch, spec.m, spec.k] },
    b: {
      dtype: spec.b,
      shape: spec.transposeB ? [spec.batch, spec.n, spec.k] : [spec.batch, spec.k, spec.n],
    },
    aZeroPoint: { dtype: spec.a, shape: [1] },
    bZeroPoint: { dtype: spec.b, shape: [spec.bZeroPoint === 'per-channel' ? spec.n : 1] },
    ...accumulatorInputs(spec, spec.n),
  }),
  outputs: (spec) => ({ y: { dtype: accumulatorDtype(spec), shape: [spec.batch, spec.m, spec.n] } }),
};
