import type { Tensor } from '@halftone/core';
import { reads } from '../edit.ts';
import { constantOf, type Graph, type Node } from '../ir.ts';
import { inputShape } from '../infer.ts';
import { findOperator } from '../operators/table.ts';

/**
 * Inputs of the graph whose elements decide shapes inside it, as the target of a Reshape does: a plan holds for one value
 * of them. Found backwards from the operands that operators name as such, up to operators that only look at shapes.
 */
export function shapeInputs(graph: Graph): readonly string[] {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) producers.set(output, node);
  const deciding = new Set<string>();
  const pending: string[] = [];
  for (const node of graph.nodes) {
    const operands = node.opaque ? undefined : findOperator(node.domain, node.op)?.shapeInputs;
    for (const input of operands ?? []) pending.push(node.inputs[input] ?? '');
  }
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || deciding.has(name)) continue;
    deciding.add(name);
    const node = producers.get(name);
    const ofShape = node && !node.opaque && findOperator(node.domain, node.op)?.ofShape;
    if (node && !ofShape) pending.push(...reads(node));
  }
  return graph.inputs.map((input) => input.name).filter((name) => deciding.has(name));
}

/** The graph with some of its inputs made constants. Throws HT_SHAPE_MISMATCH where the model states another shape. */
export function bindInputs(graph: Graph, values: Readonly<Record<string, Tensor>>): Graph {
  const bound = Object.entries(values);
  if (bound.length === 0) return graph;
  for (const { name, shape } of graph.inputs)
    if (Object.hasOwn(values, name)) inputShape(name, shape, values[name]!.shape);
  return {
    ...graph,
    inputs: graph.inputs.filter((input) => !Object.hasOwn(values, input.name)),
    constants: new Map([
      ...graph.constants,
      ...bound.map(([name, value]) => [name, constantOf(name, value)] as const),
    ]),
  };
}
