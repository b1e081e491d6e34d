import type { Node } from '@halftone/graph';
import { sameAttributes, writeAttributes } from './attributes.ts';
import type { NodeProto } from './messages.ts';
import { domainOf } from './opsets.ts';
import { nodeOrigin } from './origin.ts';

/** The NodeProto to write: as it was read where the node still says the same, else with what the file kept around it. */
export function protoOfNode(node: Node): NodeProto {
  const origin = nodeOrigin(node);
  if (origin?.kind !== 'node') return newProto(node, {});
  return sameNode(node, origin.proto) ? origin.proto : newProto(node, origin.proto);
}

function sameNode(node: Node, proto: NodeProto): boolean {
  return (
    node.op === (proto.opType ?? '') &&
    node.domain === domainOf(proto.domain) &&
    node.name === (proto.name ?? '') &&
    sameNames(node.inputs, proto.input ?? []) &&
    sameNames(node.outputs, proto.output ?? []) &&
    sameAttributes(node.attributes, proto.attribute ?? [])
  );
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((name, i) => name === b[i]));
}

function newProto(node: Node, source: NodeProto): NodeProto {
  const { name: _name, domain: _domain, overload, ...rest } = source;
  return {
    ...rest,
    input: node.inputs,
    output: node.outputs,
    opType: node.op,
    attribute: writeAttributes(node.attributes, node.name),
    ...(node.name === '' ? {} : { name: node.name }),
    ...(node.domain === '' ? {} : { domain: node.domain }),
    // an overload picks a function of the model by operator
    ...(overload === undefined || source.opType !== node.op ? {} : { overload }),
  };
}

/** Something with its position in the file; undefined for what is new. */
export interface Placed<T> {
  readonly item: T;
  readonly index: number | undefined;
  /** Values that must stand before the item. */
  readonly reads?: readonly string[];
  /** The value that the item makes. */
  readonly makes?: string;
}

/** Puts `extra` (in order of index) between the items of `main`: each before the first item that stood behind it in the file or reads it. */
export function interleave<T>(main: readonly Placed<T>[], extra: readonly Placed<T>[]): T[] {
  const merged: T[] = [];
  const waiting = new Set(extra);
  const makers = new Map(extra.map((placed) => [placed.makes, placed]));
  const put = (placed: Placed<T> | undefined): void => {
    if (placed !== undefined && waiting.delete(placed)) merged.push(placed.item);
  };
  let next = 0;
  for (const { item, index, reads = [] } of main) {
    for (; index !== undefined && (extra[next]?.index ?? index) < index; next++) put(extra[next]);
    for (const name of reads) put(makers.get(name));
    merged.push(item);
  }
  for (const placed of extra) put(placed);
  return merged;
}
