import type { Graph } from '../ir.ts';
import { type Budget, budgetFor } from '../lower/budget.ts';
import { inlineKnownBranches } from './branches.ts';
import { dropRedundantClamps } from './drop-clamps.ts';
import { foldAffine } from './fold-affine.ts';
import { foldBatchNorm } from './fold-batch-norm.ts';
import { foldConstants } from './fold-constants.ts';
import { fuseQdq } from './fuse-qdq.ts';
import type { FuseOptions } from './fusion.ts';
import { removeIdentities } from './remove-identities.ts';

/**
 * The form that quantization and float execution start from: no identities, constants computed, the branches that they
 * choose in the place of If, BatchNormalization and
 * other constants for each channel inside weights and biases.
 */
export function prepareFloat(graph: Graph): Graph {
  return prepareWithin(graph, budgetFor(graph));
}

function prepareWithin(graph: Graph, budget: Budget): Graph {
  for (let current = graph; ; ) {
    const folded = inlineKnownBranches(foldConstants(removeIdentities(current), { budget }));
    const next = foldBatchNorm(foldAffine(folded, budget), budget);
    // Passes keep the node objects that they do not change, and each change leaves fewer nodes or other ones.
    if (
      next.nodes.length === current.nodes.length &&
      next.nodes.every((node, i) => node === current.nodes[i])
    )
      return next;
    current = next;
  }
}

/** Choices of `prepareInteger`. */
export interface PrepareOptions extends FuseOptions {
  /** Keep weights in blocks for products whose float sums no formula orders; without it they become floats. */
  readonly keepBlocks?: boolean | undefined;
}

/** The form that integer execution starts from: `prepareFloat`, then integer operators where the graph is quantized. */
export function prepareInteger(graph: Graph, options: PrepareOptions = {}): Graph {
  const budget = budgetFor(graph);
  const fused = fuseQdq(dropRedundantClamps(prepareWithin(graph, budget)), options, budget);
  return foldConstants(fused, { dequantize: true, keepBlocks: options.keepBlocks, budget });
}
