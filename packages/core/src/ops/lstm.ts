// Of each step, gates in ONNX's order i, o, f, c:
//   i, f = sigmoid(x W + h R + b + p * c), g = tanh(x W + h R + b), c' = f * c + i * g, o = sigmoid(x W + h R + b + p * c')
//   h' = o * tanh(c'). Each argument is summed in f64 in ascending order, x first, and rounded once; every other step is f32.
import { isExtent, type OpDefinition, requireShape } from './definition.ts';

export interface LstmSpec {
  readonly steps: number;
  readonly batch: number;
  readonly input: number;
  readonly hidden: number;
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Operand `bias`: of W, then of R. */
  readonly bias: boolean;
  /** Operand `peephole`: of i, o and f. */
  readonly peephole: boolean;
}

/** One direction of a long short-term memory over a sequence. ONNX LSTM with its default activations. */
export const lstm: OpDefinition<LstmSpec> = {
  name: 'lstm',
  tier: 'float',
  packable: ['w', 'r'],
  check: (spec) =>
    requireShape(
      'lstm',
      [spec.steps, spec.batch, spec.input, spec.hidden].every(isExtent),
      'steps, batch, input and hidden are integers >= 0',
      spec,
    ),
  inputs: ({ steps, batch, input, hidden, bias, peephole }) => ({
    x: { dtype: 'float32', shape: [steps, batch, input] },
    w: { dtype: 'float32', shape: [4 * hidden, input] },
    r: { dtype: 'float32', shape: [4 * hidden, hidden] },
    h0: { dtype: 'float32', shape: [batch, hidden] },
    c0: { dtype: 'float32', shape: [batch, hidden] },
    ...(bias ? { bias: { dtype: 'float32', shape: [8 * hidden] } } : {}),
    ...(peephole ? { peephole: { dtype: 'float32', shape: [3 * hidden] } } : {}),
  }),
  outputs: ({ steps, batch, hidden }) => ({
    y: { dtype: 'float32', shape: [steps, batch, hidden] },
    h: { dtype: 'float32', shape: [batch, hidden] },
    c: { dtype: 'float32', shape: [batch, hidden] },
  }),
};
