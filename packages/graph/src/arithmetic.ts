import { type FixedMode, HalftoneError, type QBinaryMode, type RequantizeMode } from '@halftone/core';

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
  /** Of a softmax between codes; without one it is computed on reals. */
  readonly softmax?: FixedMode;
}

/** The modes of each arithmetic. ONNX itself has no sum or product of codes: its reference works on reals there. */
export const arithmetics: { readonly [A in Arithmetic]: Modes } = {
  ort: { requantize: 'ort-f32', binary: 'ort-x86' },
  'onnx-ref': { requantize: 'onnx-ref', binary: 'decomposed' },
  'tflite-double': { requantize: 'tflite-double', binary: 'tflite-double', softmax: 'tflite-double' },
  'tflite-single': { requantize: 'tflite-single', binary: 'tflite-single', softmax: 'tflite-single' },
  'shift-floor': { requantize: 'shift-floor', binary: 'shift-floor', softmax: 'shift-floor' },
};

/** Choices that decide an arithmetic. */
export interface ArithmeticOptions {
  /** Default ort; tflite-double where `integerOnly` is set. */
  readonly arithmetic?: Arithmetic | undefined;
  /**
   * No float operation between the quantization of the inputs and the dequantization of the outputs: multipliers are
   * fixed-point pairs, and functions are tables. A node that has no such form is an error.
   */
  readonly integerOnly?: boolean | undefined;
}

/** The arithmetic that options ask for. Throws HT_INVALID_ARGUMENT for an unknown one, or one of floats with `integerOnly`. */
export function arithmeticOf({ arithmetic, integerOnly }: ArithmeticOptions): Arithmetic {
  const chosen = arithmetic ?? (integerOnly ? 'tflite-double' : 'ort');
  if (!Object.hasOwn(arithmetics, chosen)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `no arithmetic ${String(chosen)}; one of ${Object.keys(arithmetics).join(', ')} is needed`,
      { arithmetic: chosen },
    );
  }
  if (integerOnly && (chosen === 'ort' || chosen === 'onnx-ref')) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `arithmetic ${chosen} multiplies in floats; with integerOnly take tflite-double, tflite-single or shift-floor`,
      { arithmetic: chosen },
    );
  }
  return chosen;
}
