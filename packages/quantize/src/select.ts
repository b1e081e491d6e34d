import { HalftoneError } from '@halftone/core';
import { type Graph, GraphEditor, inferShapes, type Node } from '@halftone/graph';
import { isReason, type Kind, quantizableOperator, type Reason, reason, type Roles } from './operators.ts';

/** A node to quantize. */
export interface QuantizedNode {
  readonly node: Node;
  readonly kind: Kind;
  readonly roles: Roles;
  /** A Relu or Clip that nothing but this node feeds and that sees nothing else: part of the node from here on. */
  readonly clamp: Node | undefined;
  /** The value to quantize: the node's output, or its clamp's. */
  readonly output: string;
}

/** What becomes of each node of a graph. Every node is in exactly one of the three. */
export interface Selection {
  /** In the graph's order. */
  readonly quantized: ReadonlyMap<Node, QuantizedNode>;
  /** Clamps with the node that they are part of. */
  readonly fused: ReadonlyMap<Node, Node>;
  readonly left: ReadonlyMap<Node, Reason>;
}

/**
 * Chooses the nodes to quantize. Convolutions and matrix products by themselves; Add and average pools after a
 * quantized node; operators that only move values where all that they read or all that reads them is quantized.
 * `graph` is prepared (constants folded); `excluded` tells what the user wants float.
 */
export function selectNodes(graph: Graph, excluded: (node: Node) => boolean): Selection {
  const editor = new GraphEditor(graph);
  const candidates = new Map<Node, QuantizedNode>();
  const left = new Map<Node, Reason>();
  const types = inferShapes(graph);
  for (const node of graph.nodes) {
    const operator = quantizableOperator(node);
    const roles = excluded(node)
      ? reason('excluded', 'excluded by the options')
      : (operator?.roles(node, { graph, types }) ??
        reason('unsupported-op', `${node.op} has no integer form here`));
    if (operator === undefined || isReason(roles)) {
      left.set(node, roles as Reason);
      continue;
    }
    const clamp = operator.kind === 'preserving' ? undefined : clampAfter(node, editor, excluded);
    const output = (clamp ?? node).outputs[0] as string;
    candidates.set(node, { node, kind: operator.kind, roles, clamp, output });
  }
  const chosen = join(candidates, editor);
  const quantized = new Map([...candidates].filter(([node]) => chosen.has(node)));
  const fused = new Map<Node, Node>();
  for (const { node, clamp } of quantized.values()) if (clamp) fused.set(clamp, node);
  for (const node of candidates.keys()) {
    if (!chosen.has(node)) left.set(node, reason('no-quantized-neighbour', 'nothing beside it is quantized'));
  }
  for (const clamp of fused.keys()) left.delete(clamp);
  return { quantized, fused, left };
}

/** The Relu or constant Clip that is all that sees the output of `node`. */
function clampAfter(node: Node, editor: GraphEditor, excluded: (node: Node) => boolean): Node | undefined {
  const next = editor.soleConsumer(node.outputs[0] as string);
  if (next === undefined || next.opaque || next.domain !== '' || excluded(next)) return undefined;
  if (next.op === 'Relu') return next;
  const bounded = next.inputs.slice(1).every((bound) => bound === '' || editor.constants.has(bound));
  return next.op === 'Clip' && next.inputs[0] === node.outputs[0] && bounded ? next : undefined;
}

/** Spreads from the weighted nodes to those that their neighbours make worth quantizing, until nothing changes. */
function join(candidates: ReadonlyMap<Node, QuantizedNode>, editor: GraphEditor): ReadonlySet<Node> {
  const chosen = new Set<Node>();
  const makers = new Map<string, Node>();
  for (const { node, kind, output } of candidates.values()) {
    if (kind === 'weighted') chosen.add(node);
    makers.set(output, node);
  }
  const isChosenOutput = (value: string): boolean => {
    const maker = makers.get(value);
    return maker !== undefined && chosen.has(maker);
  };
  const activations = ({ node, roles }: QuantizedNode): string[] =>
    roles.activations
      .map((input) => node.inputs[input] as string)
      .filter((name) => !editor.constants.has(name));
  const after = (item: QuantizedNode): boolean => {
    const inputs = activations(item);
    if (item.kind === 'joined') return inputs.some(isChosenOutput);
    return inputs.length > 0 && inputs.every(isChosenOutput);
  };
  const before = ({ kind, output }: QuantizedNode): boolean => {
    if (kind !== 'preserving' || editor.isOutput(output)) return false;
    const readers = editor.consumers(output);
    return readers.length > 0 && readers.every((reader) => chosen.has(reader));
  };
  const forward = [...candidates.values()];
  const sweeps = [forward, [...forward].reverse()];
  for (let size = -1; size !== chosen.size; ) {
    size = chosen.size;
    for (const sweep of sweeps) {
      for (const item of sweep) {
        if (!chosen.has(item.node) && (after(item) || before(item))) chosen.add(item.node);
      }
    }
  }
  return chosen;
}

/** Throws HT_UNSUPPORTED where nothing is left to quantize: the caller's file would be the float model again. */
export function requireSome(selection: Selection): void {
  if (selection.quantized.size > 0) return;
  const reasons = [...selection.left].slice(0, 20).map(([node, { code }]) => ({ op: node.op, code }));
  const texts = [...new Set([...selection.left.values()].map(({ text }) => text))].slice(0, 3);
  const isQuantized = [...selection.left.keys()].some((node) => node.op === 'DequantizeLinear');
  throw new HalftoneError(
    'HT_UNSUPPORTED',
    isQuantized
      ? 'no node of this model can be quantized: it is quantized already; start from the float model'
      : `no node of this model can be quantized: ${texts.join('; ') || 'it has none'}`,
    { reasons },
  );
}
