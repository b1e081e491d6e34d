// f = gamma / sqrt(variance + epsilon); w' = w * f; b' = (b - mean) * f + beta; in float64, stored as float32
import { floatAttr, intAttr } from '../attributes.ts';
import { GraphEditor } from '../edit.ts';
import type { Graph, Node } from '../ir.ts';
import { absorb, type Affine } from './affine.ts';
import { type Budget, budgetFor } from '../lower/budget.ts';
import { eachNode, floatConstant, isOp, onlyFirstOutput } from './match.ts';

/**
 * Folds each BatchNormalization (inference form, constant parameters) into the Conv, ConvTranspose or Gemm before it,
 * where nothing else reads that node. A BatchNormalization that finds no such node stays.
 * Formula of Jacob et al. 2018, section 3.2.
 */
export function foldBatchNorm(graph: Graph, budget: Budget = budgetFor(graph)): Graph {
  const editor = new GraphEditor(graph);
  for (const node of eachNode(editor)) {
    if (
      !isOp(node, 'BatchNormalization') ||
      intAttr(node, 'training_mode', 0) !== 0 ||
      !onlyFirstOutput(editor, node)
    )
      continue;
    absorb(editor, node, node.inputs[0]!, budget, (channels) => normalization(editor, node, channels));
  }
  return editor.finish();
}

function normalization(editor: GraphEditor, node: Node, channels: number): Affine | undefined {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => floatConstant(editor, node.inputs[i])?.data);
  if (!gamma || !beta || !mean || !variance) return undefined;
  if ([gamma, beta, mean, variance].some((list) => list.length !== channels)) return undefined;
  const epsilon = Math.fround(floatAttr(node, 'epsilon', 1e-5));
  const factor = Float64Array.from(gamma, (g, c) => g / Math.sqrt(variance[c]! + epsilon));
  if (!factor.every(Number.isFinite)) return undefined;
  return { factor, bias: (b, c) => (b - mean[c]!) * factor[c]! + beta[c]! };
}
