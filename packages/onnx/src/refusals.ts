import { HalftoneError } from '@halftone/core';
import type { Node } from '@halftone/graph';
import { domainOf } from './opsets.ts';
import { nodeOrigin } from './origin.ts';
import { quoted } from './place.ts';
import { changesBetween } from './since-versions.ts';
import { innerNodes, readsOtherFiles } from './subgraphs.ts';

/** Throws HT_UNSUPPORTED where the file's words for a node, or for one inside its subgraphs, mean something else in `opset`. */
export function refuseChanged(nodes: readonly Node[], opset: number): void {
  const refused: { node: string; op: string; reason: string }[] = [];
  for (const node of nodes) {
    const origin = nodeOrigin(node);
    if (origin?.kind !== 'node' || origin.opset >= opset) continue;
    if (origin.refusal !== undefined) refused.push({ node: node.name, op: node.op, reason: origin.refusal });
    for (const inner of innerNodes(origin.proto)) {
      const op = inner.opType ?? '';
      const [version] = domainOf(inner.domain) === '' ? changesBetween(op, origin.opset, opset) : [];
      if (version === undefined) continue;
      const reason = `it stands in a subgraph of node ${quoted(node.name)} (${node.op}), and ${op} changed at opset ${version}`;
      refused.push({ node: inner.name ?? '', op, reason });
    }
  }
  const [first] = refused;
  if (first === undefined) return;
  const more = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
  throw new HalftoneError(
    'HT_UNSUPPORTED',
    `node ${quoted(first.node)} (${first.op}) cannot be written in opset ${opset}: ${first.reason}${more}; convert the model to opset ${opset} with ONNX's version converter first`,
    { node: first.node, op: first.op, opset, refused },
  );
}

/** Throws HT_UNSUPPORTED for a node whose own tensors stand in other files: these are not brought along. */
export function checkPortable(nodes: readonly Node[]): void {
  for (const node of nodes) {
    const origin = nodeOrigin(node);
    if (origin?.kind !== 'node') continue;
    const outside = (origin.proto.attribute ?? []).some(({ t }) => t?.dataLocation === 1);
    if (!outside && !readsOtherFiles(origin.proto)) continue;
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `node ${quoted(node.name)} (${node.op}) has tensors of its own in another file, which would be lost; save the model in one file with ONNX's tools first`,
      { node: node.name, op: node.op },
    );
  }
}
