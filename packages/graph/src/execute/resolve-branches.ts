import { HalftoneError, sameShape } from '@halftone/core';
import { describe } from '../edit.ts';
import { inferShapes } from '../infer.ts';
import { type Graph, makeNode } from '../ir.ts';
import { budgetFor } from '../lower/budget.ts';
import { hasBranches, inlineKnownBranches, type Selection, selectBranches } from '../passes/branches.ts';
import { foldConstants } from '../passes/fold-constants.ts';

/**
 * The graph without If, for concrete input shapes: the branch that is taken where constants and shapes decide it, else both
 * with a choice between their results. An If that no name can be given inside of stays.
 * Throws HT_UNSUPPORTED where two branches that data decides between have results of different shapes.
 */
export function resolveBranches(
  graph: Graph,
  inputShapes: Readonly<Record<string, readonly number[]>>,
): Graph {
  const budget = budgetFor(graph);
  const selections: Selection[] = [];
  let current = graph;
  while (current.nodes.some(hasBranches)) {
    const folded = foldConstants(current, { shapes: inferShapes(current, inputShapes), budget });
    let next = inlineKnownBranches(folded);
    if (next === folded) {
      const selected = selectBranches(folded);
      if (selected.selections.length === 0) break;
      selections.push(...selected.selections);
      next = selected.graph;
    }
    current = next;
  }
  requireOneShape(current, selections, inputShapes);
  return current;
}

function requireOneShape(
  graph: Graph,
  selections: readonly Selection[],
  inputShapes: Readonly<Record<string, readonly number[]>>,
): void {
  if (selections.length === 0) return;
  const second = new Map(selections.flatMap(({ pairs }) => pairs));
  // With one result of each pair in the place of the choice, a wrong pair is found here and not in its broadcasting.
  const nodes = graph.nodes.map((node) => {
    const [, whenTrue = '', whenFalse] = node.inputs;
    const chooses = node.op === 'Where' && second.has(whenTrue) && second.get(whenTrue) === whenFalse;
    return chooses ? makeNode('Identity', [whenTrue], node.outputs) : node;
  });
  const types = inferShapes({ ...graph, nodes }, inputShapes);
  for (const { node, pairs } of selections) {
    for (const [whenTrue, whenFalse] of pairs) {
      const [a, b] = [types.get(whenTrue)?.shape, types.get(whenFalse)?.shape];
      if (a?.every(isKnown) && b?.every(isKnown) && sameShape(a as number[], b as number[])) continue;
      throw new HalftoneError(
        'HT_UNSUPPORTED',
        `${describe(node)}: data decides between results of different shapes; only constants, shapes and single integers may`,
        { node: node.name, op: node.op, shapes: [a, b] },
      );
    }
  }
}

function isKnown(extent: unknown): extent is number {
  return typeof extent === 'number';
}
