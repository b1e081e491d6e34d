import { broadcastShape } from '@halftone/core';
import type { Dim, Node, SymbolicShape } from '../ir.ts';

/** Shape of an elementwise result, where extents may be names or unknown. Throws HT_SHAPE_MISMATCH. */
export function broadcastDims(node: Node, a: SymbolicShape, b: SymbolicShape): Dim[] {
  if ([...a, ...b].every((extent) => typeof extent === 'number'))
    return broadcastShape(node.op, a as number[], b as number[]);
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const da = i - rank + a.length < 0 ? 1 : a[i - rank + a.length];
    const db = i - rank + b.length < 0 ? 1 : b[i - rank + b.length];
    if (da === 1) return db;
    if (db === 1 || da === db) return da;
    return typeof da === 'number' ? da : typeof db === 'number' ? db : undefined;
  });
}
