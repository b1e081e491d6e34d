import type { GraphProto, NodeProto } from './messages.ts';

/** The graphs in a node's attributes. */
export function subgraphsOf(node: NodeProto): readonly GraphProto[] {
  const graphs: GraphProto[] = [];
  for (const attribute of node.attribute ?? []) {
    if (attribute.g !== undefined) graphs.push(attribute.g);
    for (const graph of attribute.graphs ?? []) graphs.push(graph);
  }
  return graphs;
}

/** Outer values that a node's subgraphs read, at any depth; in order of first use. */
export function capturesOf(node: NodeProto): readonly string[] {
  const captures = new Set<string>();
  for (const graph of subgraphsOf(node)) {
    for (const name of outerReads(graph)) captures.add(name);
  }
  return [...captures];
}

function outerReads(graph: GraphProto): readonly string[] {
  const own = new Set<string>();
  for (const input of graph.input ?? []) own.add(input.name ?? '');
  for (const tensor of graph.initializer ?? []) own.add(tensor.name ?? '');
  for (const sparse of graph.sparseInitializer ?? []) own.add(sparse.values?.name ?? '');
  const reads: string[] = [];
  for (const node of graph.node ?? []) {
    for (const name of node.output ?? []) own.add(name);
    for (const name of node.input ?? []) reads.push(name);
    for (const name of capturesOf(node)) reads.push(name);
  }
  for (const output of graph.output ?? []) reads.push(output.name ?? '');
  return reads.filter((name) => name !== '' && !own.has(name));
}

/** Every value name in some graphs and in the graphs inside these. */
export function namesInside(graphs: readonly GraphProto[]): ReadonlySet<string> {
  const names = new Set<string>();
  const pending = [...graphs];
  for (let graph = pending.pop(); graph !== undefined; graph = pending.pop()) {
    const { input = [], output = [], initializer = [], sparseInitializer = [], node = [] } = graph;
    for (const list of [input, output, initializer]) for (const { name = '' } of list) names.add(name);
    for (const { values } of sparseInitializer) names.add(values?.name ?? '');
    for (const inner of node) {
      for (const name of inner.input ?? []) names.add(name);
      for (const name of inner.output ?? []) names.add(name);
      for (const deeper of subgraphsOf(inner)) pending.push(deeper);
    }
  }
  return names;
}

/** The nodes in a node's subgraphs, at any depth. */
export function* innerNodes(node: NodeProto): Generator<NodeProto> {
  for (const graph of subgraphsOf(node)) {
    for (const inner of graph.node ?? []) {
      yield inner;
      yield* innerNodes(inner);
    }
  }
}
