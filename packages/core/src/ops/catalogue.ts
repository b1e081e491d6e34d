// The one list of ops: backends offer them, the planner emits them, conformance mirrors them.
import { bgemm, type BgemmSpec } from './bgemm.ts';
import type { NumericClass } from '../backend/contract.ts';
import { binary, type BinarySpec } from './binary.ts';
import { blockGemm, type BlockGemmSpec } from './block-gemm.ts';
import { conv2d, type Conv2dSpec } from './conv2d.ts';
import { convTranspose2d, type ConvTranspose2dSpec } from './conv-transpose2d.ts';
import type { OpDefinition } from './definition.ts';
import { dequantize, type DequantizeSpec } from './dequantize.ts';
import { dynamicQuantize, type DynamicQuantizeSpec } from './dynamic-quantize.ts';
import { cast, type CastSpec, softmax, type SoftmaxSpec, unary, type UnarySpec } from './elementwise.ts';
import { fakeQuantize, type FakeQuantizeSpec } from './fake-quantize.ts';
import { gemm, type GemmSpec } from './gemm.ts';
import { im2col, type Im2colSpec } from './im2col.ts';
import { lut256, type Lut256Spec } from './lut256.ts';
import { compare, type CompareSpec, logical, type LogicalSpec, where, type WhereSpec } from './logic.ts';
import {
  concat,
  type ConcatSpec,
  expand,
  type ExpandSpec,
  gather,
  type GatherSpec,
  pad,
  type PadSpec,
  slice,
  type SliceSpec,
  transpose,
  type TransposeSpec,
} from './move.ts';
import { lstm, type LstmSpec } from './lstm.ts';
import { normalize, type NormalizeSpec } from './normalization.ts';
import {
  avgpool,
  type AvgPoolSpec,
  maxpool,
  qavgpool,
  type QAvgPoolSpec,
  qmaxpool,
  type QMaxPoolSpec,
} from './pool.ts';
import { qadd, type QAddSpec } from './qadd.ts';
import { qmul, type QMulSpec } from './qmul.ts';
import { qsoftmax, type QSoftmaxSpec } from './qsoftmax.ts';
import { qconv2d, type QConv2dSpec } from './qconv2d.ts';
import { qgemm, type QGemmSpec } from './qgemm.ts';
import { quantize, type QuantizeSpec } from './quantize.ts';
import { argExtreme, type ArgExtremeSpec, reduce, type ReduceSpec } from './reduce.ts';
import { requantize, type RequantizeSpec } from './requantize.ts';
import { resize, type ResizeSpec } from './resize.ts';
import { topK, type TopKSpec } from './top-k.ts';
import type { WindowSpec } from './window.ts';

/** Op name to the type of its spec. */
export interface OpSpecs {
  quantize: QuantizeSpec;
  dequantize: DequantizeSpec;
  requantize: RequantizeSpec;
  qgemm: QGemmSpec;
  blockGemm: BlockGemmSpec;
  im2col: Im2colSpec;
  qconv2d: QConv2dSpec;
  qmaxpool: QMaxPoolSpec;
  qavgpool: QAvgPoolSpec;
  qadd: QAddSpec;
  qmul: QMulSpec;
  qsoftmax: QSoftmaxSpec;
  bgemm: BgemmSpec;
  topK: TopKSpec;
  lut256: Lut256Spec;
  dynamicQuantize: DynamicQuantizeSpec;
  conv2d: Conv2dSpec;
  gemm: GemmSpec;
  fakeQuantize: FakeQuantizeSpec;
  binary: BinarySpec;
  unary: UnarySpec;
  softmax: SoftmaxSpec;
  maxpool: WindowSpec;
  avgpool: AvgPoolSpec;
  cast: CastSpec;
  transpose: TransposeSpec;
  concat: ConcatSpec;
  slice: SliceSpec;
  pad: PadSpec;
  expand: ExpandSpec;
  gather: GatherSpec;
  compare: CompareSpec;
  logical: LogicalSpec;
  where: WhereSpec;
  reduce: ReduceSpec;
  argExtreme: ArgExtremeSpec;
  normalize: NormalizeSpec;
  convTranspose2d: ConvTranspose2dSpec;
  resize: ResizeSpec;
  lstm: LstmSpec;
}

export type OpName = keyof OpSpecs;

/** Every op, by name. */
export const catalogue: { readonly [O in OpName]: OpDefinition<OpSpecs[O]> } = {
  quantize,
  dequantize,
  requantize,
  qgemm,
  blockGemm,
  im2col,
  qconv2d,
  qmaxpool,
  qavgpool,
  qadd,
  qmul,
  qsoftmax,
  bgemm,
  topK,
  lut256,
  dynamicQuantize,
  conv2d,
  gemm,
  fakeQuantize,
  binary,
  unary,
  softmax,
  maxpool,
  avgpool,
  cast,
  transpose,
  concat,
  slice,
  pad,
  expand,
  gather,
  compare,
  logical,
  where,
  reduce,
  argExtreme,
  normalize,
  convTranspose2d,
  resize,
  lstm,
};

export const opNames: readonly OpName[] = Object.keys(catalogue) as OpName[];

const exactFloatOps: ReadonlySet<OpName> = new Set<OpName>([
  'fakeQuantize',
  'cast',
  'transpose',
  'concat',
  'slice',
  'pad',
  'expand',
  'gather',
  'compare',
  'logical',
  'where',
  'argExtreme',
]);

/** Ops whose results are integers, or follow from them by one rounded step each: bit-equal on every backend. */
export function isExactOp(op: OpName): boolean {
  return catalogue[op].tier !== 'float' || exactFloatOps.has(op);
}

/**
 * How exact the results of an op are for a spec, given the class that a backend declares for the op: some specs leave the
 * last bits open, whoever computes them.
 */
export function numericClassOf<O extends OpName>(
  op: O,
  spec: OpSpecs[O],
  declared: NumericClass,
): NumericClass {
  const definition = catalogue[op] as OpDefinition<OpSpecs[O]>;
  return definition.errorBound?.(spec) === undefined ? declared : 'f32-relaxed';
}
