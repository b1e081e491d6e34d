import type { Graph } from '@halftone/graph';
import { StoredConstant } from './tensor-proto.ts';

/** Bytes of other files that the constants of a graph stand in; what several share counts once. */
export function externalBytes(graph: Graph): number {
  const ranges = new Map<string, number>();
  for (const constant of graph.constants.values()) {
    const range = constant instanceof StoredConstant ? constant.external : undefined;
    if (range) ranges.set(JSON.stringify([range.location, range.offset]), range.length);
  }
  return [...ranges.values()].reduce((sum, length) => sum + length, 0);
}
