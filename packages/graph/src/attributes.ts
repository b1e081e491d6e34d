import { HalftoneError } from '@halftone/core';
import { describe } from './edit.ts';
import type { Attribute, Node } from './ir.ts';

/** An integer attribute, or `fallback` where the node has none. Throws HT_MODEL_INVALID for one of another kind. */
export function intAttr<F extends number | undefined>(node: Node, name: string, fallback: F): number | F {
  return read(node, name, 'int')?.value ?? fallback;
}

/** A list of integers, or `fallback` where the node has none. Throws HT_MODEL_INVALID for one of another kind. */
export function intsAttr<F extends readonly number[] | undefined>(
  node: Node,
  name: string,
  fallback: F,
): readonly number[] | F {
  return read(node, name, 'ints')?.value ?? fallback;
}

/** A float attribute, or `fallback` where the node has none. Throws HT_MODEL_INVALID for one of another kind. */
export function floatAttr<F extends number | undefined>(node: Node, name: string, fallback: F): number | F {
  return read(node, name, 'float')?.value ?? fallback;
}

/** A text attribute, or `fallback` where the node has none. Throws HT_MODEL_INVALID for one of another kind. */
export function stringAttr<F extends string | undefined>(node: Node, name: string, fallback: F): string | F {
  return read(node, name, 'string')?.value ?? fallback;
}

function read<T extends Attribute['type']>(
  node: Node,
  name: string,
  type: T,
): Extract<Attribute, { type: T }> | undefined {
  if (!Object.hasOwn(node.attributes, name)) return undefined;
  const found = node.attributes[name]!;
  if (found.type === type) return found as Extract<Attribute, { type: T }>;
  throw new HalftoneError(
    'HT_MODEL_INVALID',
    `${describe(node)}: attribute ${name} is of kind ${found.type}, ${type} is needed`,
    {
      node: node.name,
      op: node.op,
      attribute: name,
    },
  );
}
