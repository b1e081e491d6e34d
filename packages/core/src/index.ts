export { type Arena, planArena } from './backend/arena.ts';
export * from './backend/backend.ts';
export * from './backend/contract.ts';
export * from './backend/device-backend.ts';
export * from './backend/host-backend.ts';
export * from './backend/open.ts';
export type { PreparedOp } from './backend/op-runner.ts';
export type { CompileSteps, StepKernel } from './backend/step-kernels.ts';
export type { Executable, Region, RegionStep } from './backend/region.ts';
export * from './dtype.ts';
export { type ElementOp, elementOps } from './elements/index.ts';
export * from './errors.ts';
export { type Format, type FormatName, formats, isFormat } from './formats/formats.ts';
export type { EncodeOptions } from './formats/minifloat.ts';
export { packCodes, unpackCodes } from './formats/packed-codes.ts';
export { type Bnb4Matrix, type Bnb4Type, dequantizeBnb4, quantizeBnb4 } from './formats/packing/bnb4.ts';
export { dequantizeGather, type GatherTable, quantizeGather } from './formats/packing/gather-blocks.ts';
export { dequantizeGguf, type GgufType, quantizeGguf } from './formats/packing/gguf.ts';
export {
  dequantizeNBits,
  type NBitsMatrix,
  type NBitsOptions,
  quantizeNBits,
} from './formats/packing/matmul-nbits.ts';
export { packSigns, unpackSigns } from './formats/sign-rows.ts';
export { type AxisLayout, axisLayout, forEachParamRun, type ParamPlace } from './numerics/axis.ts';
export * from './numerics/bias.ts';
export * from './numerics/elementary.ts';
export { fixedMultiply, type FixedMode, type FixedMultiply } from './numerics/fixed-multiply.ts';
export * from './numerics/fixed-point.ts';
export * from './numerics/float-fields.ts';
export * from './numerics/fractional-length.ts';
export { pow, type RealFunction, type UnaryFunction, unaryFunctions } from './numerics/functions.ts';
export * from './numerics/kl-divergence.ts';
export * from './numerics/metrics.ts';
export * from './numerics/params.ts';
export type { MultiplierApproximation, Q31Multiplier } from './numerics/q31.ts';
export type { CodeValue, FixedPointFormat } from './numerics/qmn.ts';
export * from './numerics/quantize.ts';
export * from './numerics/requantize.ts';
export * from './numerics/round.ts';
export * from './numerics/slope-bias.ts';
export type { StochasticRounding } from './numerics/stochastic.ts';
export type { AccumulatorBias, AccumulatorOutput, AccumulatorSpec, PerChannel } from './ops/accumulator.ts';
export { broadcastRuns } from './elements/broadcast-runs.ts';
export { forEachBroadcastRow, type VisitRow } from './elements/broadcast-rows.ts';
export type { BgemmSpec } from './ops/bgemm.ts';
export type { BinaryFunction, BinarySpec } from './ops/binary.ts';
export {
  type BlockComputation,
  type BlockGemmSpec,
  type BlockWeights,
  blockWeights,
} from './ops/block-gemm.ts';
export { broadcastShape, broadcastStrides } from './ops/broadcast.ts';
export {
  catalogue,
  isExactOp,
  numericClassOf,
  type OpName,
  opNames,
  type OpSpecs,
} from './ops/catalogue.ts';
export type { Conv2dSpec, FloatClamp } from './ops/conv2d.ts';
export { type ConvTranspose2dSpec, transposedOutput } from './ops/conv-transpose2d.ts';
export type { BlockedSpec, Descs, ErrorBound, OpDefinition, Tier } from './ops/definition.ts';
export type { DequantizeSpec } from './ops/dequantize.ts';
export type { DynamicQuantizeSpec } from './ops/dynamic-quantize.ts';
export type {
  CastSpec,
  SoftmaxSpec,
  UnarySpec,
} from './ops/elementwise.ts';
export type { FakeQuantizeSpec } from './ops/fake-quantize.ts';
export { floatOperations } from './ops/float-operations.ts';
export type { GemmSpec } from './ops/gemm.ts';
export type { Im2colSpec } from './ops/im2col.ts';
export type { Lut256Spec } from './ops/lut256.ts';
export type { CompareSpec, LogicalSpec, WhereSpec } from './ops/logic.ts';
export type {
  ConcatSpec,
  ExpandSpec,
  GatherSpec,
  PadMode,
  PadSpec,
  SliceSpec,
  TransposeSpec,
} from './ops/move.ts';
export type { LstmSpec } from './ops/lstm.ts';
export type { NormalizeSpec } from './ops/normalization.ts';
export type { ArgExtremeSpec, ReduceSpec, Reduction } from './ops/reduce.ts';
export { averageFactors, type AvgPoolSpec, type QAvgPoolSpec, type QMaxPoolSpec } from './ops/pool.ts';
export { ADD_SHIFT, addFactors, addFactorsDesc, type QAddSpec } from './ops/qadd.ts';
export type { QBinaryMode, ScalarParams } from './ops/qbinary.ts';
export { mulFactors, mulFactorsDesc, type QMulSpec } from './ops/qmul.ts';
export { type QSoftmaxSpec, SHARE_BITS, softmaxFactors, softmaxTable } from './ops/qsoftmax.ts';
export type { QConv2dSpec } from './ops/qconv2d.ts';
export type { QGemmSpec } from './ops/qgemm.ts';
export type { QuantizeSpec } from './ops/quantize.ts';
export { factorTensors, type RequantizeSpec } from './ops/requantize.ts';
export {
  type NearestMode,
  type ResizeAxis,
  type ResizeCoordinates,
  type ResizeSpec,
  type ResizeTaps,
  resizeTaps,
} from './ops/resize.ts';
export type { TopKSpec, TopKType } from './ops/top-k.ts';
export { type WindowSpec, windowOutput } from './ops/window.ts';
export * from './tensor.ts';
export * from './transpose.ts';
