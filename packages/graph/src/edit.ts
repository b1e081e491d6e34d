import { HalftoneError } from '@halftone/core';
import { FreshNames } from './fresh-names.ts';
import type { Constant, Graph, Node, ValueInfo } from './ir.ts';

/**
 * A graph opened for a pass: look-ups by value name, and edits that keep it consistent.
 * `finish()` gives the new graph, sorted, without dead nodes and unused constants; the source graph is never changed.
 */
export class GraphEditor {
  readonly source: Graph;
  readonly constants: Map<string, Constant>;
  readonly values: Map<string, ValueInfo>;
  readonly #nodes: Set<Node>;
  readonly #producers = new Map<string, Node>();
  readonly #consumers = new Map<string, Set<Node>>();
  readonly #inputs: ReadonlyMap<string, ValueInfo>;
  readonly #outputs: ReadonlySet<string>;
  readonly #names: FreshNames;

  constructor(graph: Graph) {
    this.source = graph;
    this.constants = new Map(graph.constants);
    this.values = new Map(graph.values);
    this.#nodes = new Set();
    this.#inputs = new Map(graph.inputs.map((value) => [value.name, value]));
    this.#outputs = new Set(graph.outputs.map((value) => value.name));
    this.#names = new FreshNames(this.#inputs.keys());
    // a value that is stated and not there any more would give its type to a new one of its name
    for (const names of [graph.constants.keys(), graph.values.keys(), graph.reserved ?? []])
      for (const name of names) this.#names.add(name);
    for (const node of graph.nodes) this.add(node);
  }

  /** The nodes as they stand, in order of insertion. */
  nodes(): Node[] {
    return [...this.#nodes];
  }

  producer(value: string): Node | undefined {
    return this.#producers.get(value);
  }

  /** Nodes that read a value, also from inside their subgraphs. */
  consumers(value: string): Node[] {
    return [...(this.#consumers.get(value) ?? [])];
  }

  /** The one node that reads a value, where nothing else sees it (no other reader, no graph output). */
  soleConsumer(value: string): Node | undefined {
    if (this.#outputs.has(value)) return undefined;
    const consumers = this.#consumers.get(value);
    return consumers?.size === 1 ? consumers.values().next().value : undefined;
  }

  isOutput(value: string): boolean {
    return this.#outputs.has(value);
  }

  isInput(value: string): boolean {
    return this.#inputs.has(value);
  }

  /** What the graph states of one of its inputs; undefined for other values. */
  input(value: string): ValueInfo | undefined {
    return this.#inputs.get(value);
  }

  /** A value name that nothing uses yet, inside subgraphs neither. */
  fresh(base: string): string {
    return this.#names.take(base);
  }

  addConstant(constant: Constant): string {
    this.constants.set(constant.name, constant);
    this.#names.add(constant.name);
    return constant.name;
  }

  add(node: Node): void {
    this.#nodes.add(node);
    for (const output of node.outputs) {
      if (output === '') continue;
      this.#producers.set(output, node);
      this.#names.add(output);
    }
    for (const input of reads(node)) {
      const consumers = this.#consumers.get(input);
      if (consumers) consumers.add(node);
      else this.#consumers.set(input, new Set([node]));
    }
  }

  remove(node: Node): void {
    if (!this.#nodes.delete(node)) return;
    for (const output of node.outputs)
      if (this.#producers.get(output) === node) this.#producers.delete(output);
    for (const input of reads(node)) this.#consumers.get(input)?.delete(node);
  }

  replace(old: Node, ...by: Node[]): void {
    this.remove(old);
    for (const node of by) this.add(node);
  }

  /** Makes every typed reader of `from` read `to`. False where an opaque node's subgraph or an output holds on to `from`. */
  redirect(from: string, to: string): boolean {
    const consumers = this.consumers(from);
    if (this.isOutput(from) || consumers.some((node) => node.captures?.includes(from))) return false;
    for (const node of consumers) {
      const { origin: _, ...typed } = node;
      // what the file says of an opaque node holds under other input names too
      const rest = node.opaque ? node : typed;
      this.replace(node, { ...rest, inputs: node.inputs.map((input) => (input === from ? to : input)) });
    }
    return true;
  }

  finish(): Graph {
    const live = this.#live();
    const nodes = sortNodes(
      this.nodes().filter((node) => live.has(node)),
      (value) => this.#producers.get(value),
    );
    const used = new Set<string>(this.#outputs);
    for (const node of nodes) for (const input of reads(node)) used.add(input);
    const known = new Set<string>(used);
    for (const node of nodes) for (const output of node.outputs) known.add(output);
    return {
      ...this.source,
      nodes,
      constants: new Map([...this.constants].filter(([name]) => used.has(name))),
      values: new Map([...this.values].filter(([name]) => known.has(name))),
    };
  }

  #live(): Set<Node> {
    const live = new Set<Node>();
    const pending = [...this.#outputs];
    for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
      const node = this.#producers.get(value);
      if (node === undefined || live.has(node)) continue;
      live.add(node);
      for (const name of reads(node)) pending.push(name);
    }
    return live;
  }
}

/** Every value that a node reads, its subgraphs included. */
export function reads(node: Node): string[] {
  return [...new Set([...node.inputs, ...(node.captures ?? [])])].filter((name) => name !== '');
}

/** Topological order that keeps the given one where it can. Throws HT_MODEL_INVALID for a cycle, naming a node on it. */
export function sortNodes(nodes: readonly Node[], producer: (value: string) => Node | undefined): Node[] {
  const members = new Set(nodes);
  const state = new Map<Node, 'open' | 'done'>();
  const sorted: Node[] = [];
  for (const root of nodes) {
    // An explicit stack: chains of many thousand nodes must not overflow the call stack.
    const stack: Node[] = [root];
    while (stack.length > 0) {
      const node = stack[stack.length - 1]!;
      if (state.get(node) === 'done') {
        stack.pop();
        continue;
      }
      const before = reads(node)
        .map(producer)
        .filter(
          (other): other is Node => other !== undefined && members.has(other) && state.get(other) !== 'done',
        );
      if (before.length === 0) {
        state.set(node, 'done');
        sorted.push(node);
        stack.pop();
        continue;
      }
      if (state.get(node) === 'open' || before.includes(node)) {
        throw new HalftoneError('HT_MODEL_INVALID', `the graph has a cycle through ${describe(node)}`, {
          node: node.name,
          op: node.op,
        });
      }
      state.set(node, 'open');
      for (const other of before.reverse()) stack.push(other);
    }
  }
  return sorted;
}

/** How messages name a node: its op with its name, or with its first output where it has none. */
export function describe(node: Node): string {
  return `${node.op} ${node.name === '' ? `of ${node.outputs.find((output) => output !== '') ?? 'nothing'}` : node.name}`;
}
