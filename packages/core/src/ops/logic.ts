import type { DType } from '../dtype.ts';
import { sameShape } from '../tensor.ts';
import { broadcastShape } from './broadcast.ts';
import { type OpDefinition, requireShape } from './definition.ts';

interface TwoShapes {
  readonly aShape: readonly number[];
  readonly bShape: readonly number[];
}

export interface CompareSpec extends TwoShapes {
  readonly function: 'equal' | 'less' | 'lessOrEqual' | 'greater' | 'greaterOrEqual';
  readonly dtype: DType;
}

/** Whether a ∘ b holds, broadcast as ONNX does; nothing holds of NaN. ONNX Equal, Less, Greater and their kin. */
export const compare: OpDefinition<CompareSpec> = {
  name: 'compare',
  tier: 'float',
  check: (spec) => void broadcastShape(spec.function, spec.aShape, spec.bShape),
  inputs: (spec) => ({
    a: { dtype: spec.dtype, shape: spec.aShape },
    b: { dtype: spec.dtype, shape: spec.bShape },
  }),
  outputs: (spec) => ({
    y: { dtype: 'bool', shape: broadcastShape(spec.function, spec.aShape, spec.bShape) },
  }),
};

export interface LogicalSpec extends TwoShapes {
  readonly function: 'and' | 'or' | 'xor';
}

/** Logic of truths, broadcast as ONNX does. ONNX And, Or, Xor. */
export const logical: OpDefinition<LogicalSpec> = {
  name: 'logical',
  tier: 'float',
  check: (spec) => void broadcastShape(spec.function, spec.aShape, spec.bShape),
  inputs: (spec) => ({
    a: { dtype: 'bool', shape: spec.aShape },
    b: { dtype: 'bool', shape: spec.bShape },
  }),
  outputs: (spec) => ({
    y: { dtype: 'bool', shape: broadcastShape(spec.function, spec.aShape, spec.bShape) },
  }),
};

export interface WhereSpec extends TwoShapes {
  readonly dtype: DType;
  readonly conditionShape: readonly number[];
  /** What all three broadcast to. */
  readonly shape: readonly number[];
}

/** The element of a where the condition holds, that of b elsewhere. ONNX Where. */
export const where: OpDefinition<WhereSpec> = {
  name: 'where',
  tier: 'float',
  check(spec) {
    const values = broadcastShape('where', spec.aShape, spec.bShape);
    const shape = broadcastShape('where', spec.conditionShape, values);
    requireShape(
      'where',
      sameShape(shape, spec.shape),
      `the operands broadcast to [${shape.join(', ')}]`,
      spec,
    );
  },
  inputs: (spec) => ({
    condition: { dtype: 'bool', shape: spec.conditionShape },
    a: { dtype: spec.dtype, shape: spec.aShape },
    b: { dtype: spec.dtype, shape: spec.bShape },
  }),
  outputs: (spec) => ({ y: { dtype: spec.dtype, shape: spec.shape } }),
};
