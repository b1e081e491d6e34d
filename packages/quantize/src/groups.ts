import type { Graph } from '@halftone/graph';
import type { Selection } from './select.ts';

/** Values that share one scale and zero point, so that codes pass between them unchanged. */
export interface ScaleGroup {
  /** The member that the scale is named after: the first in the graph's order. */
  readonly name: string;
  readonly members: readonly string[];
  /** Members whose ranges, together, cover those of all: what no value-preserving operator made. */
  readonly sources: readonly string[];
}

/** Every value to quantize with its group; operators that preserve values join their inputs and outputs in one. */
export function scaleGroups(graph: Graph, selection: Selection): ReadonlyMap<string, ScaleGroup> {
  const parent = new Map<string, string>();
  const find = (value: string): string => {
    let root = value;
    for (let up = parent.get(root); up !== undefined && up !== root; up = parent.get(root)) root = up;
    for (let at = value; at !== root; ) {
      const up = parent.get(at) as string;
      parent.set(at, root);
      at = up;
    }
    return root;
  };
  const derived = new Set<string>();
  for (const { node, kind, roles, output } of selection.quantized.values()) {
    const values = [...roles.activations.map((input) => node.inputs[input] as string), output];
    for (const value of values) if (!parent.has(value)) parent.set(value, value);
    if (kind !== 'preserving') continue;
    derived.add(output);
    for (const value of values) parent.set(find(value), find(output));
  }
  const members = new Map<string, string[]>();
  for (const value of parent.keys()) {
    const root = find(value);
    const list = members.get(root);
    if (list) list.push(value);
    else members.set(root, [value]);
  }
  const groups = new Map<string, ScaleGroup>();
  for (const list of members.values()) {
    const sources = list.filter((value) => !derived.has(value));
    const name = sources.find((value) => !graph.constants.has(value)) ?? (list[0] as string);
    const group = { name, members: list, sources };
    for (const value of list) groups.set(value, group);
  }
  return groups;
}
