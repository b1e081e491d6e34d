export { default as reference } from '@halftone/backend-reference';
export * from '@halftone/core';
export {
  type Arithmetic,
  type Attribute,
  type Constant,
  type Graph,
  inferShapes,
  type Node,
  type PlanRow,
  type ValueInfo,
} from '@halftone/graph';
export { decodeTensor, encodeTensor, loadOnnx, parseOnnx, saveOnnx, serializeOnnx } from '@halftone/onnx';
export {
  type FloatRunner,
  type FloatSession,
  graphRunner,
  type QuantizationReport,
  quantizeDynamic,
} from '@halftone/quantize';
export { type OrtModule, ortRunner } from './ort.ts';
export { quantizeStatic, type QuantizeStaticOptions } from './quantize.ts';
export { createSession, type CreateSessionOptions, type Session } from './session.ts';
