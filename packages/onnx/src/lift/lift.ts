import { isKnownOperator, type Node } from '@halftone/graph';
import { nodeOrigin } from '../origin.ts';
import { changesBetween } from '../since-versions.ts';
import { axesToInput, pad11, slice10, split13, split18, topK10 } from './attributes-to-inputs.ts';
import { clip11 } from './clip.ts';
import { type GraphParts, LiftContext } from './context.ts';
import { dropout10, dropout12 } from './dropout.ts';
import { batchNormalization14, batchNormalization9 } from './normalization.ts';
import { resize11, resize13, upsample10, upsample9 } from './resize.ts';
import type { Rule } from './rule.ts';
import { softmax13 } from './softmax.ts';

/** The rules by operator and by the version that needs them. */
const rules: Readonly<Record<string, Readonly<Record<number, Rule>>>> = {
  BatchNormalization: { 9: batchNormalization9, 14: batchNormalization14 },
  Clip: { 11: clip11 },
  Dropout: { 10: dropout10, 12: dropout12 },
  Hardmax: { 13: softmax13 },
  LogSoftmax: { 13: softmax13 },
  Pad: { 11: pad11 },
  ReduceL1: { 18: axesToInput },
  ReduceL2: { 18: axesToInput },
  ReduceLogSum: { 18: axesToInput },
  ReduceLogSumExp: { 18: axesToInput },
  ReduceMax: { 18: axesToInput },
  ReduceMean: { 18: axesToInput },
  ReduceMin: { 18: axesToInput },
  ReduceProd: { 18: axesToInput },
  ReduceSum: { 13: axesToInput },
  ReduceSumSquare: { 18: axesToInput },
  Resize: { 11: resize11, 13: resize13 },
  Slice: { 10: slice10 },
  Softmax: { 13: softmax13 },
  Split: { 13: split13, 18: split18 },
  Squeeze: { 13: axesToInput },
  TopK: { 10: topK10 },
  Unsqueeze: { 13: axesToInput },
  Upsample: { 9: upsample9, 10: upsample10 },
};

/**
 * Says the nodes that the file wrote for an older opset in terms of `opset`. A node that no rule can say is
 * left as it is, opaque, with the reason in its origin.
 */
export function liftNodes(parts: GraphParts, opset: number): Pick<GraphParts, 'nodes' | 'constants'> {
  const context = new LiftContext(parts);
  const nodes = parts.nodes.flatMap((node) => liftNode(node, opset, context));
  return { nodes, constants: context.constants };
}

function liftNode(node: Node, opset: number, context: LiftContext): readonly Node[] {
  const origin = nodeOrigin(node);
  if (origin?.kind !== 'node' || node.domain !== '' || origin.opset >= opset) return [node];
  const result = liftFrom(node, origin.opset, opset, context);
  if ('refusal' in result) return [{ ...node, opaque: true, origin: { ...origin, refusal: result.refusal } }];
  return result.map((lifted) => {
    if (lifted === node) return node;
    const opaque = !isKnownOperator(lifted.domain, lifted.op);
    return { ...lifted, opaque, ...(lifted.origin === undefined ? {} : { origin: { ...origin, opset } }) };
  });
}

function liftFrom(
  node: Node,
  from: number,
  to: number,
  context: LiftContext,
): readonly Node[] | { readonly refusal: string } {
  const [version] = changesBetween(node.op, from, to);
  if (version === undefined) return [node];
  const rule = rules[node.op]?.[version];
  if (rule === undefined)
    return { refusal: `${node.op} changed at opset ${version}, and there is no rule for it` };
  const said = rule(node, context);
  if ('refusal' in said) return said;
  const nodes: Node[] = [];
  for (const next of said) {
    const further = next.origin === undefined ? [next] : liftFrom(next, version, to, context);
    if ('refusal' in further) return further;
    nodes.push(...further);
  }
  return nodes;
}
