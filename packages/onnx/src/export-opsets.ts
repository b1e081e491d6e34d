import { HalftoneError } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import type { OperatorSetIdProto } from './messages.ts';
import { domainOf } from './opsets.ts';
import { constantOrigin, type GraphOrigin } from './origin.ts';
import { quoted } from './place.ts';
import { irVersionFor } from './since-versions.ts';
import type { Int64 } from './wire/varint.ts';

/** Versions of domains that passes of this project write operators of. */
const knownDomains: ReadonlyMap<string, number> = new Map([['com.microsoft', 1]]);

/**
 * The IR version to write: the file's, raised where its opset was raised, or where it has initializers that
 * are no inputs, which IR version 4 brought. Undefined for a file that has none.
 */
export function raisedIrVersion(graph: Graph, origin: GraphOrigin | undefined): Int64 | undefined {
  const needed = irVersionFor(graph.opset);
  if (origin === undefined) return needed;
  const stated = origin.model.irVersion;
  const before = stated ?? 0;
  const raised = origin.opset !== undefined && origin.opset < graph.opset;
  const added =
    before < 4 && [...graph.constants.values()].some((constant) => constantOrigin(constant) === undefined);
  return (raised || added) && before < needed ? needed : stated;
}

/**
 * The imported operator versions: the file's list where it still says everything, else with changed and added entries.
 * Throws HT_INVALID_ARGUMENT for a node of a domain that has no version.
 */
export function exportOpsets(
  graph: Graph,
  source: readonly OperatorSetIdProto[] | undefined,
): readonly OperatorSetIdProto[] {
  const wanted = new Map<string, number>(graph.domains);
  for (const node of graph.nodes) {
    if (wanted.has(node.domain)) continue;
    const version = node.domain === '' ? graph.opset : knownDomains.get(node.domain);
    if (version !== undefined) wanted.set(node.domain, version);
    else if (!node.opaque || node.origin === undefined) throw noVersion(node.domain, node.name, node.op);
  }
  const entries = (source ?? []).map((entry) => {
    const domain = domainOf(entry.domain);
    const version = domain === '' ? graph.opset : wanted.get(domain);
    return version === undefined || version === entry.version ? entry : { ...entry, version };
  });
  for (const entry of source ?? []) wanted.delete(domainOf(entry.domain));
  if (source === undefined) wanted.set('', graph.opset);
  const added = [...wanted].map(([domain, version]): OperatorSetIdProto => ({ domain, version }));
  if (source !== undefined && added.length === 0 && entries.every((entry, i) => entry === source[i]))
    return source;
  return [...entries, ...added.sort((a, b) => ((a.domain ?? '') < (b.domain ?? '') ? -1 : 1))];
}

function noVersion(domain: string, node: string, op: string): HalftoneError {
  return new HalftoneError(
    'HT_INVALID_ARGUMENT',
    `node ${quoted(node)} (${op}) is of the domain "${domain}", whose version is not known; add it to the graph's domains`,
    {
      domain,
      node,
    },
  );
}
