import type { Backend } from '@halftone/core';
import { type Graph, GraphSession, inferShapes, type ValueInfo } from '@halftone/graph';
import type { FloatRunner } from './runner.ts';

/** Float models on our own executor: no dependency, for the models that it covers. The backend stays open. */
export function graphRunner(backend: Backend): FloatRunner {
  return {
    async open(graph, outputs) {
      return new GraphSession(withOutputs(graph, outputs), { backends: [backend] });
    },
  };
}

/** The same graph with other values as its outputs. */
export function withOutputs(graph: Graph, names: readonly string[]): Graph {
  const types = inferShapes(graph);
  const outputs = names.map((name): ValueInfo => {
    const known = graph.outputs.find((output) => output.name === name) ?? graph.values.get(name);
    const type = types.get(name);
    return known ?? { name, elementType: type?.elementType ?? 'float32', shape: type?.shape };
  });
  return { ...graph, outputs };
}
