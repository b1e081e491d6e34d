import type { FixedMode, QBinaryMode, RequantizeMode } from '@halftone/core';

/**
 * How integer operators round: as ONNX Runtime does, as ONNX's reference evaluator does, or in fixed point. The names of
 * the fixed modes are those of requantization.
 */
export type Arithmetic = 'ort' | 'onnx-ref' | FixedMode;

/** What an arithmetic means for the ops that have modes. */
export interface Modes {
  readonly requantize: RequantizeMode;
  /** Of sums and products of codes. */
  readonly binary: QBinaryMode;
}

/** The modes of each arithmetic. ONNX itself has no sum or product of codes: its reference works on reals there. */
export const arithmetics: { readonly [A in Arithmetic]: Modes } = {
  ort: { requantize: 'ort-f32', binary: 'ort-x86' },
  'onnx-ref': { requantize: 'onnx-ref', binary: 'decomposed' },
  'tflite-double': { requantize: 'tflite-double', binary: 'tflite-double' },
  'tflite-single': { requantize: 'tflite-single', binary: 'tflite-single' },
  'shift-floor': { requantize: 'shift-floor', binary: 'shift-floor' },
};
