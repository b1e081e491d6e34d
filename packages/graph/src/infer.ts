import { HalftoneError, isDType } from '@halftone/core';
import type { Graph, Node, SymbolicShape, ValueInfo } from './ir.ts';
import type { InferContext } from './operators/definition.ts';
import { unknownType, type ValueType, type ValueTypes } from './value-type.ts';
import { findOperator } from './operators/table.ts';

/**
 * Works out element types and shapes of every value, from the graph's inputs or from `inputShapes` (concrete, by name).
 * What cannot be known stays undefined; what the file says of a value fills in.
 * Throws HT_SHAPE_MISMATCH where an operator's inputs contradict each other or `inputShapes` contradicts the model.
 */
export function inferShapes(
  graph: Graph,
  inputShapes: Readonly<Record<string, readonly number[]>> = {},
): ValueTypes {
  const types = new Map<string, ValueType>();
  for (const input of graph.inputs) {
    types.set(input.name, {
      elementType: input.elementType,
      // an input may be named `constructor`
      shape: inputShape(
        input.name,
        input.shape,
        Object.hasOwn(inputShapes, input.name) ? inputShapes[input.name] : undefined,
      ),
    });
  }
  for (const constant of graph.constants.values()) types.set(constant.name, constant);
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  const stated = (name: string): ValueInfo | undefined => graph.values.get(name) ?? outputs.get(name);
  // Types that the file gives for inner values may hold a stale batch size, so they never stand above inference.
  const trustFile = Object.keys(inputShapes).length === 0;
  for (const node of graph.nodes) inferNode(graph, node, types, stated, trustFile);
  return types;
}

function inferNode(
  graph: Graph,
  node: Node,
  types: Map<string, ValueType>,
  statedOf: (value: string) => ValueInfo | undefined,
  trustFile: boolean,
): void {
  const operator = node.opaque ? undefined : findOperator(node.domain, node.op);
  const inferred = operator?.infer(node, inferContext(graph, node, types)) ?? [];
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

function inferContext(graph: Graph, node: Node, types: Map<string, ValueType>): InferContext {
  return {
    opset: graph.opset,
    type: (input) => types.get(node.inputs[input] ?? '') ?? unknownType,
    constant(input) {
      const constant = graph.constants.get(node.inputs[input] ?? '');
      return constant === undefined || !isDType(constant.elementType) ? undefined : constant.tensor();
    },
  };
}

function inputShape(
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
