import type { Tensor } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import type { FloatRunner } from '../../src/index.ts';
import { operators } from './operators.ts';

/** What a run of the interpreter did, for tests of the memory contract. */
export interface RunnerLog {
  /** Values asked for, by session. */
  readonly opened: (readonly string[])[];
  runs: number;
  disposed: number;
  /** Graphs as they were opened. */
  readonly graphs: Graph[];
}

/** A float runner that computes each operator by its definition. */
export function interpreter(): FloatRunner & { readonly log: RunnerLog } {
  const log: RunnerLog = { opened: [], runs: 0, disposed: 0, graphs: [] };
  return {
    log,
    open(graph, outputs) {
      log.opened.push(outputs);
      log.graphs.push(graph);
      return Promise.resolve({
        run(feeds) {
          log.runs++;
          const values = evaluate(graph, feeds);
          return Promise.resolve(
            Object.fromEntries(outputs.map((name) => [name, values.get(name) as Tensor])),
          );
        },
        dispose() {
          log.disposed++;
          return Promise.resolve();
        },
      });
    },
  };
}

/** Computes every value of a graph. */
export function evaluate(graph: Graph, feeds: Readonly<Record<string, Tensor>>): Map<string, Tensor> {
  const values = new Map<string, Tensor>(Object.entries(feeds));
  for (const constant of graph.constants.values()) values.set(constant.name, constant.tensor());
  for (const node of graph.nodes) {
    const operator = operators[node.op];
    if (operator === undefined) throw new Error(`the interpreter has no ${node.op}`);
    const inputs = node.inputs.map((name) => (name === '' ? undefined : values.get(name)));
    inputs.forEach((input, i) => {
      if (input === undefined && node.inputs[i] !== '')
        throw new Error(`${node.inputs[i]} is not made before ${node.op}`);
    });
    const results = operator(inputs as Tensor[], node);
    node.outputs.forEach((name, i) => values.set(name, results[i] as Tensor));
  }
  return values;
}
