import { HalftoneError, sizeOf } from '@halftone/core';
import type { Constant, Graph, Node, SymbolicShape, ValueInfo } from './ir.ts';
import { foldNode, inferContext, type Surroundings } from './lower/evaluate.ts';
import { unknownType, type ValueType, type ValueTypes } from './value-type.ts';
import { findOperator } from './operators/table.ts';

/** Results of more elements are no shapes, axes or sizes. */
const MOST_KNOWN = 1024;

/**
 * Works out element types and shapes of every value, from the graph's inputs or from `inputShapes` (concrete, by name).
 * What cannot be known stays undefined; what the file says of a value fills in. Small values that follow from constants and
 * shapes are computed on the way, since later shapes may depend on them.
 * Throws HT_SHAPE_MISMATCH where an operator's inputs contradict each other or `inputShapes` contradicts the model.
 */
export function inferShapes(
  graph: Graph,
  inputShapes: Readonly<Record<string, readonly number[]>> = {},
): ValueTypes {
  const computed = new Map<string, Constant>();
  const types = new Map<string, ValueType>();
  for (const input of graph.inputs) {
    types.set(input.name, {
      elementType: input.elementType,
      shape: inputShape(
        input.name,
        input.shape,
        Object.hasOwn(inputShapes, input.name) ? inputShapes[input.name] : undefined,
      ),
    });
  }
  for (const constant of graph.constants.values()) types.set(constant.name, constant);
  // Types that the file gives for inner values may hold a stale batch size, so they never stand above inference.
  const around: Surroundings = {
    opset: graph.opset,
    constant: (name) => computed.get(name) ?? graph.constants.get(name),
    type: (name) => types.get(name),
  };
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const stated = (name: string): ValueInfo | undefined => graph.values.get(name) ?? outputs.get(name);
  const trustFile = Object.keys(inputShapes).length === 0;
  for (const node of graph.nodes) {
    inferNode(node, types, around, stated, trustFile);
    for (const value of smallResults(node, around)) computed.set(value.name, value);
  }
  return types;
}

function smallResults(node: Node, around: Surroundings): readonly Constant[] {
  const isSmall = (name: string): boolean => {
    const shape = around.type(name)?.shape;
    const known = shape?.every((extent) => typeof extent === 'number') === true;
    return name === '' || (known && sizeOf(shape as readonly number[]) <= MOST_KNOWN);
  };
  return (node.outputs.every(isSmall) && foldNode(node, around)) || [];
}

function inferNode(
  node: Node,
  types: Map<string, ValueType>,
  around: Surroundings,
  statedOf: (value: string) => ValueInfo | undefined,
  trustFile: boolean,
): void {
  const operator = node.opaque ? undefined : findOperator(node.domain, node.op);
  const inferred = operator?.infer(node, inferContext(node, around)) ?? [];
  node.outputs.forEach((name, i) => {
    if (name === '') return;
    const known = inferred[i] ?? unknownType;
    const stated = statedOf(name);
    types.set(name, {
      elementType: known.elementType ?? stated?.elementType,
      shape: known.shape ?? (trustFile || operator === undefined ? stated?.shape : undefined),
    });
  });
}

/** The shape of an input that is given. Throws HT_SHAPE_MISMATCH where the model states another. */
export function inputShape(
  name: string,
  declared: SymbolicShape | undefined,
  given: readonly number[] | undefined,
): SymbolicShape | undefined {
  if (given === undefined) return declared;
  if (declared !== undefined) {
    const fits =
      declared.length === given.length &&
      declared.every((extent, i) => typeof extent !== 'number' || extent === given[i]);
    if (!fits) {
      throw new HalftoneError(
        'HT_SHAPE_MISMATCH',
        `input ${name} is [${given.join(', ')}], the model wants [${declared.map((d) => d ?? '?').join(', ')}]`,
        { input: name, expected: declared, got: given },
      );
    }
  }
  return given;
}
