import { GraphEditor } from '../edit.ts';
import type { Graph, Node } from '../ir.ts';
import { MICROSOFT } from '../operators/domains.ts';
import { type Budget, budgetFor } from '../lower/budget.ts';
import { foldConstants } from './fold-constants.ts';
import { fuseConv } from './fuse-conv.ts';
import { fuseAveragePool, fuseBinary } from './fuse-elementwise.ts';
import { fuseGemm, fuseMatmul } from './fuse-matmul.ts';
import type { FuseOptions } from './fusion.ts';
import { eachNode, isOp } from './match.ts';
import { cancelPairs, sinkDequantizers } from './move-quantizers.ts';
import { removeIdentities } from './remove-identities.ts';

const fusions: Readonly<Record<string, (editor: GraphEditor, node: Node, options: FuseOptions) => void>> = {
  Conv: fuseConv,
  Gemm: fuseGemm,
  MatMul: fuseMatmul,
  Add: fuseBinary,
  Mul: fuseBinary,
  AveragePool: fuseAveragePool,
  GlobalAveragePool: fuseAveragePool,
};

/**
 * Turns float operators between DequantizeLinear and QuantizeLinear into integer operators: QLinearConv, QGemm,
 * QLinearMatMul, MatMulIntegerToFloat, QLinearAdd, QLinearMul, QLinearGlobalAveragePool, QLinearAveragePool, and operators that move
 * elements on codes; Relu and Clip in between vanish into saturation or become a Clip on codes.
 * A node whose parameters are no constants, or do not fit an integer operator, stays as it is.
 */
export function fuseQdq(graph: Graph, options: FuseOptions = {}, budget: Budget = budgetFor(graph)): Graph {
  const sunk = foldConstants(sinkDequantizers(foldConstants(graph, { budget })), { budget });
  const editor = new GraphEditor(removeIdentities(cancelPairs(sunk)));
  for (const node of eachNode(editor)) {
    if (isOp(node, ...Object.keys(fusions))) fusions[node.op]!(editor, node, options);
  }
  return withDomain(editor.finish());
}

/** States the version of Microsoft's domain where a node is of it. */
function withDomain(graph: Graph): Graph {
  if (graph.domains.has(MICROSOFT) || !graph.nodes.some((node) => node.domain === MICROSOFT)) return graph;
  return { ...graph, domains: new Map([...graph.domains, [MICROSOFT, 1]]) };
}
