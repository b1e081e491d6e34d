import { isDType, type Tensor, tensor } from '@halftone/core';
import type { Node } from '../ir.ts';

/** The value of a Constant node; undefined where it has another number of attributes than one, or inputs. */
export function constantNode(node: Node): Tensor | undefined {
  const entries = Object.entries(node.attributes);
  const [[name, held] = []] = entries;
  if (entries.length !== 1 || node.inputs.length > 0) return undefined;
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
