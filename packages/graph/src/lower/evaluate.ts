import { isDType, isHalftoneError, type Tensor } from '@halftone/core';
import { type Constant, constantOf, type Graph, type Node } from '../ir.ts';
import { findOperator } from '../operators/table.ts';
import type { InferContext } from '../operators/definition.ts';
import { unknownType, type ValueType } from '../value-type.ts';
import { Lowering } from './lowering.ts';

/** What is known around a node. */
export interface Surroundings {
  readonly opset: number;
  /** The constant of that name, or a value that has been computed already. */
  constant(name: string): Constant | undefined;
  type(name: string): ValueType | undefined;
}

/**
 * Computes a node now: its operator is lowered, and where every op that this gives is one of core's element ops, on
 * constants alone, all results are there. Undefined where a backend is needed, or a size is out of proportion.
 */
function evaluateNode(node: Node, around: Surroundings): readonly (Tensor | undefined)[] | undefined {
  const operator = node.opaque ? undefined : findOperator(node.domain, node.op);
  if (operator?.lower === undefined) return undefined;
  const constants = new Map<string, Constant>();
  for (const name of node.inputs) {
    const found = name === '' ? undefined : around.constant(name);
    if (found) constants.set(name, found);
    else if (name !== '' && !operator.ofShape) return undefined;
  }
  const types = new Map<string, ValueType>();
  for (const name of node.inputs) {
    const type = constants.get(name) ?? around.type(name);
    if (type) types.set(name, type);
  }
  const alone: Graph = {
    name: '',
    opset: around.opset,
    domains: new Map(),
    inputs: [],
    outputs: node.outputs.map((name) => ({ name, elementType: undefined, shape: undefined })),
    nodes: [node],
    constants,
    values: new Map(),
  };
  try {
    const results = operator.infer(node, inferContext(node, { ...around, type: (name) => types.get(name) }));
    node.outputs.forEach((name, i) => types.set(name, results[i] ?? unknownType));
    const lowering = new Lowering(alone, types);
    lowering.begin(node);
    operator.lower(node, lowering);
    const values = node.outputs.map((name) => lowering.constantOf(name));
    return node.outputs.every((name, i) => name === '' || values[i] !== undefined) ? values : undefined;
  } catch (error) {
    // What cannot be computed here stays a node, whose error comes where it runs.
    if (isHalftoneError(error)) return undefined;
    throw error;
  }
}

/** Constants of the results of a node; undefined as `evaluateNode`. */
export function foldNode(node: Node, around: Surroundings): readonly Constant[] | undefined {
  const results = evaluateNode(node, around);
  return results && node.outputs.flatMap((name, i) => (name === '' ? [] : [constantOf(name, results[i]!)]));
}

/** What inference may ask about a node's inputs. */
export function inferContext(node: Node, around: Surroundings): InferContext {
  return {
    opset: around.opset,
    type: (input) => around.type(node.inputs[input] ?? '') ?? unknownType,
    constant(input) {
      const constant = around.constant(node.inputs[input] ?? '');
      return constant === undefined || !isDType(constant.elementType) ? undefined : constant.tensor();
    },
  };
}
