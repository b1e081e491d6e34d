import type { Graph } from '../ir.ts';

/**
 * Bytes of new constants that passes may still make. Real models need a few times their weights; a file of a few hundred
 * nodes can ask for any amount: a Concat of a value with itself, thirty times over, or a thousand nodes on one weight.
 */
export interface Budget {
  bytes: number;
}

const least = 67_108_864;
/** int8 weights become float32, are moved, and scaled once. */
const timesWeights = 12;

/** What the passes of one preparation may make of a graph: 64 MiB and twelve times the graph's constants. */
export function budgetFor(graph: Graph): Budget {
  let weights = 0;
  for (const constant of graph.constants.values()) weights += constant.byteLength;
  return { bytes: least + timesWeights * weights };
}

/** Takes bytes from the budget. False where they are not left: nothing is from then on, so that no pass tries a thousand times. */
export function spend(budget: Budget, bytes: number): boolean {
  const enough = bytes <= budget.bytes;
  budget.bytes = enough ? budget.bytes - bytes : -1;
  return enough;
}
