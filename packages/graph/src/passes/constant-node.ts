import { isDType, type Tensor, tensor } from '@halftone/core';
import type { Node } from '../ir.ts';

/** The value of a Constant node. */
export function constantNode(node: Node): Tensor | undefined {
  const [[name, held] = []] = Object.entries(node.attributes);
  switch (held?.type) {
    case 'tensor':
      return isDType(held.value.elementType) ? held.value.tensor() : undefined;
    case 'float':
      return tensor('float32', [held.value], []);
    case 'floats':
      return tensor('float32', [...held.value]);
    case 'int':
      return name === 'value_int' ? tensor('int64', [BigInt(held.value)], []) : undefined;
    case 'ints':
      return tensor('int64', held.value.map(BigInt));
    default:
      return undefined;
  }
}
