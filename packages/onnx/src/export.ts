import { HalftoneError } from '@halftone/core';
import type { Constant, Graph, Node } from '@halftone/graph';
import { type ConstantWriter, protoOfConstant } from './constants.ts';
import { interleave, type Placed, protoOfNode } from './export-nodes.ts';
import { liftNodes } from './lift/lift.ts';
import type {
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
  ValueInfoProto,
} from './messages.ts';
import { baseOpset } from './opsets.ts';
import { exportOpsets, raisedIrVersion } from './export-opsets.ts';
import { constantOrigin, graphOrigin, nodeOrigin } from './origin.ts';
import { checkPortable, refuseChanged } from './refusals.ts';
import { sourceValueInfo, writeValueInfo } from './values.ts';

/**
 * The model message of a graph. What was read and is untouched keeps its message, and with it its bytes.
 * Throws HT_UNSUPPORTED naming the nodes whose meaning cannot be said in the graph's opset,
 * HT_INVALID_ARGUMENT for an opset below 13 or below the file's, and for a domain without a version.
 */
export function exportModel(graph: Graph, writer: ConstantWriter): ModelProto {
  const origin = graphOrigin(graph);
  const least = Math.max(baseOpset, origin?.opset ?? baseOpset);
  if (!(graph.opset >= least)) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `opset ${graph.opset} is asked for, and the graph speaks opset ${least}; ask for that or a later one`,
      {
        opset: graph.opset,
        least,
      },
    );
  }
  const lifted = { ...graph, ...liftNodes(graph, graph.opset) };
  refuseChanged(lifted.nodes, graph.opset);
  if (origin?.external !== undefined) checkPortable(lifted.nodes, origin.model);
  const source = origin?.model;
  const irVersion = raisedIrVersion(lifted, origin);
  const proto = exportGraph(lifted, source?.graph, writer, irVersion);
  const opsetImport = exportOpsets(lifted, source?.opsetImport);
  const version = irVersion === undefined ? {} : { irVersion };
  if (source === undefined) return { ...version, producerName: 'halftone', graph: proto, opsetImport };
  if (proto === source.graph && opsetImport === source.opsetImport && irVersion === source.irVersion)
    return source;
  return { ...source, graph: proto, opsetImport, ...version };
}

function exportGraph(
  graph: Graph,
  source: GraphProto | undefined,
  writer: ConstantWriter,
  irVersion: ModelProto['irVersion'],
): GraphProto {
  const constants = writtenConstants(graph).map((constant) => writeConstant(constant, writer));
  const initializers = constants.filter((written) => written.node === undefined);
  const lists = {
    node: exportNodes(graph, constants),
    initializer: initializers.map((written) => written.tensor),
    sparseInitializer: exportSparse(graph),
    input: exportInputs(
      graph,
      source,
      initializers.map((written) => written.constant),
      irVersion,
    ),
    output: graph.outputs.map(writeValueInfo),
    valueInfo: exportValues(graph, source),
  };
  const name = graph.name === '' && source === undefined ? 'graph' : graph.name;
  const before = source ?? {};
  const changed = Object.entries(lists).filter(
    ([key, list]) => !sameList(list, before[key as keyof typeof lists] ?? []),
  );
  if (changed.length === 0 && source !== undefined && name === (source.name ?? '')) return source;
  return { ...before, name, ...Object.fromEntries(changed) };
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((entry, i) => entry === b[i]);
}

/** The constants that something reads, and those that nothing read in the file either. */
function writtenConstants(graph: Graph): readonly Constant[] {
  const read = new Set(graph.outputs.map((output) => output.name));
  for (const node of graph.nodes) {
    for (const name of node.inputs) read.add(name);
    for (const name of node.captures ?? []) read.add(name);
  }
  for (const { initializationBinding = [], updateBinding = [] } of graphOrigin(graph)?.model.trainingInfo ??
    []) {
    for (const { key = '', value = '' } of [...initializationBinding, ...updateBinding])
      read.add(key).add(value);
  }
  return [...graph.constants]
    .filter(([name, constant]) => read.has(name) || constantOrigin(constant)?.idle === true)
    .map(([name, constant]) => {
      if (constant.name === name) return constant;
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `the constant of value "${name}" is named "${constant.name}"; the two must be equal`,
        {
          value: name,
          constant: constant.name,
        },
      );
    });
}

/** A constant with its tensor to write, and the `Constant` node that it was where that node needs no change. */
interface WrittenConstant {
  readonly constant: Constant;
  readonly tensor: TensorProto;
  readonly node: NodeProto | undefined;
}

function writeConstant(constant: Constant, writer: ConstantWriter): WrittenConstant {
  const proto = protoOfConstant(constant, constant.name);
  const tensor = writer(constant, proto);
  const node = constantOrigin(constant)?.node;
  return {
    constant,
    tensor,
    node: tensor === proto && node?.output?.[0] === constant.name ? node : undefined,
  };
}

function exportNodes(graph: Graph, constants: readonly WrittenConstant[]): readonly NodeProto[] {
  const main: Placed<NodeProto>[] = [];
  for (const node of graph.nodes) {
    const origin = nodeOrigin(node);
    if (origin?.kind === 'sparse') continue;
    main.push({
      item: protoOfNode(node),
      index: origin?.index,
      reads: [...node.inputs, ...(node.captures ?? [])],
    });
  }
  const extra: Placed<NodeProto>[] = [];
  for (const { constant, node } of constants) {
    if (node !== undefined)
      extra.push({ item: node, index: constantOrigin(constant)?.index, makes: constant.name });
  }
  extra.sort((a, b) => (a.index ?? 0) - (b.index ?? 0));
  return interleave(main, extra);
}

function exportSparse(graph: Graph): readonly SparseTensorProto[] {
  const list: SparseTensorProto[] = [];
  for (const node of graph.nodes) {
    const origin = nodeOrigin(node);
    if (origin?.kind === 'sparse') list.push(origin.proto);
  }
  return list;
}

/**
 * The inputs, with the untouched initializers that the file listed among them. Where the IR version is
 * raised to 4 these go: from there on an initializer that is listed may be replaced by the caller, and would be no constant.
 */
function exportInputs(
  graph: Graph,
  source: GraphProto | undefined,
  initializers: readonly Constant[],
  irVersion: ModelProto['irVersion'],
): readonly ValueInfoProto[] {
  const positions = new Map((source?.input ?? []).map((proto, index) => [proto, index]));
  const main = graph.inputs.map((info) => {
    const item = writeValueInfo(info);
    return { item, index: positions.get(item) };
  });
  const before = graphOrigin(graph)?.model.irVersion ?? 0;
  if (before < 4 && (irVersion ?? 0) >= 4) return main.map(({ item }) => item);
  const untouched = new Set(
    initializers
      .filter((constant) => constantOrigin(constant)?.kind === 'initializer')
      .map((constant) => constant.name),
  );
  const extra: Placed<ValueInfoProto>[] = [];
  (source?.input ?? []).forEach((item, index) => {
    if (untouched.has(item.name ?? '')) extra.push({ item, index });
  });
  return interleave(main, extra);
}

/** The types of values: those of the file for values that are still there, and those that passes added. */
function exportValues(graph: Graph, source: GraphProto | undefined): readonly ValueInfoProto[] {
  const here = new Set(definedValues(graph));
  const gone = new Set(source === undefined ? [] : namesOf(source).filter((name) => !here.has(name)));
  const written = new Set<string>();
  const list: ValueInfoProto[] = [];
  for (const proto of source?.valueInfo ?? []) {
    const name = proto.name ?? '';
    const info = graph.values.get(name);
    if (info === undefined || gone.has(name)) continue;
    if (sourceValueInfo(info) !== undefined) list.push(proto);
    else if (!written.has(name)) list.push(writeValueInfo(info));
    written.add(name);
  }
  for (const [name, info] of graph.values) {
    if (!written.has(name) && here.has(name) && info.elementType !== undefined)
      list.push(writeValueInfo(info));
  }
  return list;
}

function definedValues(graph: Graph): readonly string[] {
  return [
    ...graph.inputs.map((info) => info.name),
    ...graph.constants.keys(),
    ...graph.nodes.flatMap((node: Node) => node.outputs),
  ];
}

function namesOf(graph: GraphProto): readonly string[] {
  const names = [...(graph.initializer ?? []), ...(graph.input ?? [])].map(({ name = '' }) => name);
  return [...names, ...(graph.node ?? []).flatMap((node) => node.output ?? [])];
}
