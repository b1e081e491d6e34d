// What a graph becomes for given input shapes: catalogue ops in order, on values with one layout each.
import type { DType, OpName, OpSpecs, Tensor, TensorDesc } from '@halftone/core';
import type { Node } from '../ir.ts';

/** One tensor of a program. Identity is by reference. */
export interface Value extends TensorDesc {
  /** Known when the program was made. */
  readonly constant: Tensor | undefined;
  /** The graph's name for it, for people. */
  readonly label: string;
}

/** One op of the catalogue. */
export interface KernelStep<O extends OpName = OpName> {
  readonly kind: 'kernel';
  readonly op: O;
  readonly spec: OpSpecs[O];
  readonly inputs: Readonly<Record<string, Value>>;
  readonly outputs: Readonly<Record<string, Value>>;
  /** The graph's nodes that this step computes, the absorbed ones included. */
  readonly nodes: readonly Node[];
}

/** A few scalars worked out on the host from values that are known only at run time (scales given as inputs, say). */
export interface HostStep {
  readonly kind: 'host';
  readonly label: string;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly compute: (...inputs: Tensor[]) => Tensor;
  readonly nodes: readonly Node[];
}

export type Step = KernelStep | HostStep;

export interface ProgramOutput {
  readonly name: string;
  readonly value: Value;
  readonly shape: readonly number[];
}

export interface Program {
  readonly inputs: ReadonlyMap<string, Value>;
  readonly outputs: readonly ProgramOutput[];
  readonly steps: readonly Step[];
}

export function makeValue<D extends DType>(dtype: D, shape: readonly number[], label: string): Value {
  return { dtype, shape, label, constant: undefined };
}

/** Operands and results of a step. */
export function touched(step: Step): { inputs: readonly Value[]; outputs: readonly Value[] } {
  if (step.kind === 'host') return { inputs: step.inputs, outputs: [step.output] };
  return { inputs: Object.values(step.inputs), outputs: Object.values(step.outputs) };
}
