import { type DType, isDType } from '../dtype.ts';
import { broadcastShape } from './broadcast.ts';
import { checkFloatClamp, type FloatClamp } from './conv2d.ts';
import { type OpDefinition, requireSpec } from './definition.ts';

/** Functions of two numbers; prelu is a where a >= 0, and a * b below. */
export type BinaryFunction = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'prelu' | 'min' | 'max';

export interface BinarySpec {
  readonly function: BinaryFunction;
  readonly aShape: readonly number[];
  readonly bShape: readonly number[];
  /** Default float32; bool has no arithmetic. */
  readonly dtype?: DType;
  /** Of float32 only. */
  readonly clamp?: FloatClamp;
}

/**
 * y = clamp(fround(a ∘ b)), broadcast as ONNX does; min and max give NaN where one is. Integers wrap, their quotients are
 * cut off, and a quotient by 0, which ONNX leaves open, is 0. ONNX Add, Sub, Mul, Div, Pow, PRelu, Min, Max.
 */
export const binary: OpDefinition<BinarySpec> = {
  name: 'binary',
  tier: 'float',
  check(spec) {
    const { dtype = 'float32' } = spec;
    broadcastShape(spec.function, spec.aShape, spec.bShape);
    checkFloatClamp(spec.function, spec.clamp, spec);
    requireSpec(spec.function, isDType(dtype) && dtype !== 'bool', `no arithmetic of ${dtype}`, spec);
    requireSpec(
      spec.function,
      spec.clamp === undefined || dtype === 'float32',
      'only floats are clamped',
      spec,
    );
  },
  inputs: ({ aShape, bShape, dtype = 'float32' }) => ({
    a: { dtype, shape: aShape },
    b: { dtype, shape: bShape },
  }),
  outputs: ({ function: name, aShape, bShape, dtype = 'float32' }) => ({
    y: { dtype, shape: broadcastShape(name, aShape, bShape) },
  }),
};
