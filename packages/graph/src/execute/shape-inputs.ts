import type { Tensor } from '@halftone/core';
import { reads } from '../edit.ts';
import { constantOf, type Graph, type Node, type ValueInfo } from '../ir.ts';
import { inputShape } from '../infer.ts';
import { findOperator } from '../operators/table.ts';
import { selectBranches } from '../passes/branches.ts';

/**
 * Inputs of the graph whose elements decide shapes inside it, as the target of a Reshape does, or the branch of an If: a
 * plan holds for one value of them. Found backwards from the operands that operators name as such, up to operators that
 * only look at shapes.
 */
export function shapeInputs(graph: Graph): readonly string[] {
  const { graph: flat, conditions } = flatten(graph);
  const operands = flat.nodes.flatMap((node) => {
    const inputs = node.opaque ? undefined : findOperator(node.domain, node.op)?.shapeInputs;
    return (inputs ?? []).map((input) => node.inputs[input] ?? '');
  });
  const producers = producersIn(flat);
  const deciding = before(operands, producers);
  for (const condition of conditions) {
    const reached = before([condition], producers);
    // One integer chooses a branch, as a sample rate does; what data chooses is computed while the model runs.
    if (graph.inputs.every((input) => !reached.has(input.name) || isSwitch(input)))
      for (const name of reached) deciding.add(name);
  }
  return graph.inputs.map((input) => input.name).filter((name) => deciding.has(name));
}

/** Both branches of every If, and all their conditions. */
function flatten(graph: Graph): { readonly graph: Graph; readonly conditions: readonly string[] } {
  const conditions: string[] = [];
  for (let current = graph; ; ) {
    const { graph: next, selections } = selectBranches(current);
    if (selections.length === 0) return { graph: current, conditions };
    conditions.push(...selections.map(({ condition }) => condition));
    current = next;
  }
}

function isSwitch({ elementType, shape }: ValueInfo): boolean {
  const whole = elementType === 'int64' || elementType === 'int32' || elementType === 'bool';
  return whole && shape !== undefined && shape.every((extent) => extent === 1);
}

function producersIn(graph: Graph): ReadonlyMap<string, Node> {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) for (const output of node.outputs) producers.set(output, node);
  return producers;
}

/** The values that the elements of `names` follow from, those included. */
function before(names: readonly string[], producers: ReadonlyMap<string, Node>): Set<string> {
  const deciding = new Set<string>();
  const pending = [...names];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || deciding.has(name)) continue;
    deciding.add(name);
    const node = producers.get(name);
    const ofShape = node && !node.opaque && findOperator(node.domain, node.op)?.ofShape;
    if (node && !ofShape) pending.push(...reads(node));
  }
  return deciding;
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
