import { HalftoneError } from '@halftone/core';
import { describe } from './edit.ts';
import type { Node } from './ir.ts';

/** Throws HT_SHAPE_MISMATCH naming the node. */
export function shapeError(node: Node, rule: string): never {
  throw new HalftoneError('HT_SHAPE_MISMATCH', `${describe(node)}: ${rule}`, {
    node: node.name,
    op: node.op,
  });
}
