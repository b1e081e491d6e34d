import type { Node } from '@halftone/graph';
import { invalid, quoted } from './place.ts';

/**
 * The nodes with every producer before its readers; a list in order is returned as it is.
 * Throws HT_MODEL_INVALID naming a node on a cycle.
 */
export function inOrder(nodes: readonly Node[]): readonly Node[] {
  const producers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const output of node.outputs) if (output !== '') producers.set(output, index);
  });
  const needs = nodes.map((node) => producersOf(node, producers));
  if (needs.every((list, index) => list.every((producer) => producer < index))) return nodes;
  return sorted(nodes, needs);
}

function producersOf(node: Node, producers: ReadonlyMap<string, number>): number[] {
  const list: number[] = [];
  for (const name of [...node.inputs, ...(node.captures ?? [])]) {
    const producer = producers.get(name);
    if (producer !== undefined) list.push(producer);
  }
  return list;
}

/** Depth first in the order of the file, without recursion: chains of nodes may be long. */
function sorted(nodes: readonly Node[], needs: readonly (readonly number[])[]): readonly Node[] {
  const order: Node[] = [];
  const state = new Uint8Array(nodes.length); // 1: being placed, 2: placed
  const cursor = new Uint32Array(nodes.length);
  for (let root = 0; root < nodes.length; root++) {
    const stack = state[root] === 0 ? [root] : [];
    while (stack.length > 0) {
      const index = stack.at(-1) as number;
      const node = nodes[index] as Node;
      state[index] = 1;
      const next = (needs[index] as readonly number[])[cursor[index] as number];
      if (next === undefined) {
        state[index] = 2;
        order.push(node);
        stack.pop();
        continue;
      }
      cursor[index] = (cursor[index] as number) + 1;
      if (state[next] === 1) {
        throw invalid(
          'graph',
          `node ${quoted(node.name)} (${node.op}), which makes ${quoted(node.outputs[0])}, depends on itself`,
          {
            node: node.name,
            output: node.outputs[0],
          },
        );
      }
      if (state[next] === 0) stack.push(next);
    }
  }
  return order;
}
