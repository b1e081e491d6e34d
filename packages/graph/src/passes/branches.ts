// If: the nodes of a branch take the place of the node that chooses it.
import { tensor } from '@halftone/core';
import { GraphEditor } from '../edit.ts';
import {
  type Branch,
  type Branches,
  type Constant,
  constantOf,
  type Graph,
  makeNode,
  type Node,
} from '../ir.ts';
import { constantTensor } from './match.ts';

type BranchNode = Node & { readonly branches: Branches };
type Rename = (name: string) => string;

export function hasBranches(node: Node): node is BranchNode {
  return node.branches !== undefined;
}

/** Puts the branch that is taken in the place of each If whose condition is a constant. */
export function inlineKnownBranches(graph: Graph): Graph {
  if (!graph.nodes.some(hasBranches)) return graph;
  const editor = new GraphEditor(graph);
  let changed = false;
  for (const node of graph.nodes) {
    const condition = hasBranches(node) ? constantTensor(editor, node.inputs[0]) : undefined;
    if (!hasBranches(node) || condition?.dtype !== 'bool' || condition.data.length !== 1) continue;
    const { whenTrue, whenFalse } = node.branches;
    const taken = condition.data[0] ? whenTrue : whenFalse;
    if (!isMovable(taken)) continue;
    changed = true;
    const results = place(editor, taken);
    editor.replace(node, ...outputsOf(node, (i, output) => makeNode('Identity', [results[i]!], [output])));
  }
  return changed ? editor.finish() : graph;
}

/** An If that became both branches, and what chooses between their results. */
export interface Selection {
  readonly node: Node;
  readonly condition: string;
  /** Results of the first branch and of the second: chosen between, so each pair must have one shape. */
  readonly pairs: readonly (readonly [whenTrue: string, whenFalse: string])[];
}

/**
 * Puts both branches in the place of every If of the graph itself, and a Where behind each pair of results: the same
 * values, since operators have no effects, where the shapes of each pair are one.
 */
export function selectBranches(graph: Graph): {
  readonly graph: Graph;
  readonly selections: readonly Selection[];
} {
  const editor = new GraphEditor(graph);
  const selections: Selection[] = [];
  for (const node of graph.nodes.filter(hasBranches)) {
    const { whenTrue, whenFalse } = node.branches;
    if (!isMovable(whenTrue) || !isMovable(whenFalse)) continue;
    const [first, second] = [place(editor, whenTrue), place(editor, whenFalse)];
    // The condition has one element and any rank; as a scalar it leaves the rank of the results alone.
    const scalarShape = editor.addConstant(
      constantOf(editor.fresh('scalar_shape'), tensor('int64', new BigInt64Array(0))),
    );
    const condition = editor.fresh('condition');
    editor.replace(
      node,
      makeNode('Reshape', [node.inputs[0]!, scalarShape], [condition]),
      ...outputsOf(node, (i, output) => makeNode('Where', [condition, first[i]!, second[i]!], [output])),
    );
    const pairs = first.map((name, i) => [name, second[i]!] as const);
    selections.push({ node, condition: node.inputs[0]!, pairs });
  }
  return selections.length === 0 ? { graph, selections } : { graph: editor.finish(), selections };
}

function outputsOf(node: Node, make: (index: number, output: string) => Node): Node[] {
  return node.outputs.flatMap((output, i) => (output === '' ? [] : [make(i, output)]));
}

/** False where something inside holds on to a name, or to elements, that cannot be said under another one. */
function isMovable({ nodes, constants }: Branch): boolean {
  const own = new Set([...constants.keys(), ...nodes.flatMap((node) => node.outputs)]);
  const free = (node: Node): boolean =>
    node.branches !== undefined || !(node.captures ?? []).some((name) => own.has(name));
  return nodes.every(free) && [...constants.values()].every(({ elementType }) => elementType !== 'string');
}

/** Adds what a branch has under fresh names; gives those of its results. */
function place(editor: GraphEditor, branch: Branch): readonly string[] {
  const names = new Map<string, string>();
  for (const name of namesOf(branch)) names.set(name, editor.fresh(name));
  const rename: Rename = (name) => names.get(name) ?? name;
  for (const [name, constant] of branch.constants) editor.addConstant(renamed(constant, rename(name)));
  for (const [name, info] of branch.values) {
    const { origin: _, ...stated } = info;
    if (names.has(name)) editor.values.set(rename(name), { ...stated, name: rename(name) });
  }
  for (const node of branch.nodes) editor.add(renamedNode(node, rename));
  return branch.outputs.map(rename);
}

function namesOf({ nodes, constants }: Branch): Set<string> {
  return new Set([
    ...constants.keys(),
    ...nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== '')),
  ]);
}

function renamed(constant: Constant, name: string): Constant {
  const { elementType, shape, byteLength } = constant;
  const decoded = constant.decoded && { decoded: () => constant.decoded!() };
  return { name, elementType, shape, byteLength, tensor: () => constant.tensor(), ...decoded };
}

function renamedNode(node: Node, rename: Rename): Node {
  const { origin: _, ...typed } = node;
  const { captures, branches } = node;
  return {
    // what the file says of an opaque node holds under other names too
    ...(node.opaque ? node : typed),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
    ...(captures && { captures: captures.map(rename) }),
    ...(branches && { branches: renamedBranches(branches, rename) }),
  };
}

function renamedBranches(branches: Branches, rename: Rename): Branches {
  return {
    get whenTrue() {
      return renamedBranch(branches.whenTrue, rename);
    },
    get whenFalse() {
      return renamedBranch(branches.whenFalse, rename);
    },
  };
}

/** A branch that reads the values around it under other names; its own keep theirs. */
function renamedBranch(branch: Branch, rename: Rename): Branch {
  const own = namesOf(branch);
  const outer: Rename = (name) => (own.has(name) ? name : rename(name));
  return {
    ...branch,
    outputs: branch.outputs.map(outer),
    nodes: branch.nodes.map((node) => renamedNode(node, outer)),
  };
}
