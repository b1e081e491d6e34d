import { HalftoneError } from '@halftone/core';
import type { Graph, Node } from '@halftone/graph';

/** The name by which users exclude a node: its own, or its first output's where it has none. */
export function handleOf(node: Node): string {
  return node.name === '' ? (node.outputs.find((output) => output !== '') ?? '') : node.name;
}

/**
 * Which nodes stay float by the user's wish: by name or by operator type.
 * Throws HT_INVALID_ARGUMENT for an entry that names nothing in `graph`, with the nearest names in `details.suggestions`.
 */
export function excludedBy(graph: Graph, exclude: readonly string[] = []): (node: Node) => boolean {
  const known = new Set(graph.nodes.flatMap((node) => [node.op, handleOf(node)]));
  for (const entry of exclude) {
    if (known.has(entry)) continue;
    const suggestions = nearest(entry, [...known]);
    const hint = suggestions.length === 0 ? '' : `; did you mean ${suggestions.join(', ')}?`;
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `exclude: the model has no node and no operator type ${entry}${hint}`,
      {
        exclude: entry,
        suggestions,
      },
    );
  }
  const names = new Set(exclude);
  return (node) => names.has(node.op) || names.has(handleOf(node));
}

/** At most three names within a third of the word's length in edits, or that contain it; nearest first. */
function nearest(word: string, names: readonly string[]): string[] {
  const lower = word.toLowerCase();
  return names
    .map((name) => ({ name, distance: distance(lower, name.toLowerCase()) }))
    .filter(
      ({ name, distance: d }) =>
        d * 3 <= Math.max(word.length, 3) || (lower !== '' && name.toLowerCase().includes(lower)),
    )
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Edit distance (insertions, deletions, substitutions): Wagner and Fischer, two rows. */
function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (above[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(swap, (above[j] as number) + 1, (row[j - 1] as number) + 1));
    }
    above = row;
  }
  return above[b.length] as number;
}
