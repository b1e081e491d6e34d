import type { Tensor } from '@halftone/core';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import type { ValueType } from '../value-type.ts';

/** What inference may ask about a node's inputs, by their index. */
export interface InferContext {
  /** Unknown for an input that is left out. */
  type(input: number): ValueType;
  /** The elements, where the input is a constant of a dtype that core holds, or a few that follow from constants and shapes. */
  constant(input: number): Tensor | undefined;
  readonly opset: number;
}

/** One ONNX operator that the graph understands. */
export interface Operator {
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain: string;
  /** Inputs whose elements decide the shape of a result: sizes, axes, where to cut. */
  readonly shapeInputs?: readonly number[];
  /** The result follows from the shapes of the inputs, whatever their elements are. */
  readonly ofShape?: true;
  /** Types of the outputs, in order. */
  infer(node: Node, context: InferContext): readonly ValueType[];
  /** Emits the catalogue ops that compute the node; undefined for an operator that only other tools run. */
  lower?(node: Node, lowering: Lowering): void;
}
