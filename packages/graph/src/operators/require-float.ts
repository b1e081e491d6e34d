import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';

/** Throws HT_UNSUPPORTED where an operand of a float operator holds other elements. */
export function requireFloat(node: Node, lowering: Lowering, ...names: readonly string[]): void {
  for (const name of names) {
    const dtype = lowering.dtype(name);
    if (dtype !== 'float32') throw lowering.refusal(node, `${name} is ${dtype}; float32 is computed here`);
  }
}
