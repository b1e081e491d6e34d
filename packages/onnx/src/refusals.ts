import { type ErrorDetails, HalftoneError } from '@halftone/core';
import type { Node } from '@halftone/graph';
import type { ModelProto } from './messages.ts';
import { domainOf } from './opsets.ts';
import { nodeOrigin } from './origin.ts';
import { quoted } from './place.ts';
import { changesBetween } from './since-versions.ts';
import { nodeReadsOtherFiles, otherOutsidePlace } from './outside.ts';
import { innerNodes } from './subgraphs.ts';

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

/** Throws HT_UNSUPPORTED for tensors in other files that are no constants of the graph: these are not brought along. */
export function checkPortable(nodes: readonly Node[], model: ModelProto): void {
  for (const node of nodes) {
    const origin = nodeOrigin(node);
    if (origin?.kind !== 'node' || !nodeReadsOtherFiles(origin.proto)) continue;
    throw notPortable(`node ${quoted(node.name)} (${node.op})`, { node: node.name, op: node.op });
  }
  const place = otherOutsidePlace(model);
  if (place !== undefined) throw notPortable(place, { path: place });
}

function notPortable(place: string, details: ErrorDetails): HalftoneError {
  return new HalftoneError(
    'HT_UNSUPPORTED',
    `${place} has tensors of its own in another file, which would be lost; save the model in one file with ONNX's tools first`,
    details,
  );
}
