// Axes and integer operands, as the operators that move elements state them.
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';
import { shapeError } from '../shape-error.ts';
import type { InferContext } from './definition.ts';

/** An axis from 0 on; negative ones count from the end. Throws HT_SHAPE_MISMATCH for one outside the rank. */
export function axisFrom(node: Node, given: number, rank: number): number {
  const axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank) shapeError(node, `axis ${given} is outside rank ${rank}`);
  return axis;
}

/** Different axes from 0 on. Throws HT_SHAPE_MISMATCH. */
export function axesFrom(node: Node, given: readonly number[], rank: number): readonly number[] {
  const axes = given.map((axis) => axisFrom(node, axis, rank));
  if (new Set(axes).size !== axes.length) shapeError(node, `axes [${given.join(', ')}] name one twice`);
  return axes;
}

/** The integers of an input, where they are known; undefined also where it is left out. */
export function knownIntegers(context: InferContext, input: number): readonly number[] | undefined {
  const found = context.constant(input);
  return found && Array.from(found.data as ArrayLike<number | bigint>, Number);
}

/** The integers of an input. Throws HT_UNSUPPORTED where a run computes them. */
export function integersOf(node: Node, lowering: Lowering, input: number): readonly number[] | undefined {
  const name = node.inputs[input];
  if (name === undefined || name === '') return undefined;
  const found = lowering.constantOf(name);
  if (found === undefined)
    throw lowering.refusal(node, `${name} decides the shape and is known only while the model runs`);
  return Array.from(found.data as ArrayLike<number | bigint>, Number);
}
