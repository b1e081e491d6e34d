import {
  type Branch,
  type Branches,
  type Constant,
  type Graph,
  isKnownOperator,
  type Node,
  type ValueInfo,
} from '@halftone/graph';
import { readAttributes } from './attributes.ts';
import { constantOfNode } from './constant-node.ts';
import type { ExternalReader } from './external-range.ts';
import { liftNodes } from './lift/lift.ts';
import type { FunctionProto, GraphProto, ModelProto, NodeProto, ValueInfoProto } from './messages.ts';
import { baseOpset, domainOf, readOpsets } from './opsets.ts';
import { inOrder } from './order.ts';
import type { ConstantOrigin, GraphOrigin, NodeOrigin, SparseOrigin } from './origin.ts';
import { invalid, quoted } from './place.ts';
import { modelType } from './schema.ts';
import { capturesOf, namesInside, subgraphsOf } from './subgraphs.ts';
import { constantOfProto } from './tensor-proto.ts';
import { readValueInfo } from './values.ts';
import { decodeMessage } from './wire/decode.ts';

/**
 * Reads a model. Nodes of opsets before 13 are lifted; a node that cannot be lifted, an unknown operator
 * and a node with subgraphs are opaque.
 * Throws HT_MODEL_INVALID for damaged bytes and for graphs that break ONNX's rules, HT_UNSUPPORTED for opsets before 7.
 */
export function importModel(bytes: Uint8Array, external: ExternalReader | undefined): Graph {
  const model = decodeMessage(modelType, bytes);
  if (model.graph === undefined) throw invalid('graph', 'it is missing; the file is no ONNX model');
  return new Importer(model, model.graph, 'graph', external).graph();
}

class Importer {
  readonly #model: ModelProto;
  readonly #proto: GraphProto;
  readonly #path: string;
  readonly #external: ExternalReader | undefined;
  readonly #constants = new Map<string, Constant>();
  readonly #inputs: ValueInfo[] = [];
  readonly #nodes: Node[] = [];
  /** Every value with the place that defines it. */
  readonly #definitions = new Map<string, string>();
  readonly #functions: ReadonlySet<string>;

  constructor(model: ModelProto, proto: GraphProto, path: string, external: ExternalReader | undefined) {
    this.#model = model;
    this.#proto = proto;
    this.#path = path;
    this.#external = external;
    this.#functions = new Set((model.functions ?? []).map(functionKey));
  }

  graph(): Graph {
    const opsets = readOpsets(this.#model);
    const fileOpset = opsets.own ?? baseOpset;
    const used = this.#usedNames();
    this.#readInitializers(used);
    this.#readInputs();
    (this.#proto.node ?? []).forEach((proto, index) => {
      this.#readNode(proto, index, fileOpset, used);
    });
    this.#checkReads();
    const ordered = inOrder(this.#nodes);
    const outputs = this.#readOutputs();
    const values = this.#readValues();
    const opset = Math.max(fileOpset, baseOpset);
    const reserved = this.#reservedNames();
    const parts = {
      nodes: ordered,
      constants: this.#constants,
      inputs: this.#inputs,
      outputs,
      values,
      ...reserved,
    };
    const lifted = fileOpset < opset ? liftNodes(parts, opset) : parts;
    const origin: GraphOrigin = {
      kind: 'model',
      model: this.#model,
      opset: opsets.own,
      external: this.#external,
    };
    return {
      name: this.#proto.name ?? '',
      opset,
      domains: opsets.others,
      inputs: this.#inputs,
      outputs,
      nodes: lifted.nodes,
      constants: lifted.constants,
      values,
      ...reserved,
      origin,
    };
  }

  /** Reads a subgraph of an If, whose nodes have the meaning of `fileOpset`. */
  branch(fileOpset: number): Branch {
    this.#readInitializers(new Set());
    this.#readInputs();
    if (this.#inputs.length > 0)
      throw invalid(`${this.#path}.input`, 'a branch of If has no inputs: it reads the values around it');
    (this.#proto.node ?? []).forEach((proto, index) => {
      this.#readNode(proto, index, fileOpset, new Set());
    });
    const parts = {
      nodes: inOrder(this.#nodes),
      constants: this.#constants,
      inputs: [],
      outputs: (this.#proto.output ?? []).map((proto, index) =>
        readValueInfo(proto, `${this.#path}.output[${index}]`),
      ),
      values: this.#readValues(),
      // What the branch reads from outside is no name for new values.
      reserved: namesInside([this.#proto]),
    };
    const opset = Math.max(fileOpset, baseOpset);
    const { nodes, constants } = fileOpset < opset ? liftNodes(parts, opset) : parts;
    return { nodes, constants, values: parts.values, outputs: parts.outputs.map(({ name }) => name) };
  }

  #branches(proto: NodeProto, path: string, fileOpset: number): Pick<Node, 'branches'> {
    const graphOf = (name: string): GraphProto | undefined =>
      proto.attribute?.find((attribute) => attribute.name === name)?.g;
    const [whenTrue, whenFalse] = [graphOf('then_branch'), graphOf('else_branch')];
    if (proto.opType !== 'If' || domainOf(proto.domain) !== '' || !whenTrue || !whenFalse) return {};
    const read = (name: string, graph: GraphProto): Branch => {
      const branch = new Importer(this.#model, graph, `${path}.${name}`, this.#external).branch(fileOpset);
      const outputs = proto.output?.length ?? 0;
      if (branch.outputs.length === outputs) return branch;
      throw invalid(`${path}.${name}`, `it has ${branch.outputs.length} outputs, the If ${outputs}`);
    };
    return {
      branches: new StoredBranches(
        () => read('then_branch', whenTrue),
        () => read('else_branch', whenFalse),
      ),
    };
  }

  /** Names in subgraphs and in graphs for training: a new value of such a name would be hidden there, or read in its stead. */
  #reservedNames(): Pick<Graph, 'reserved'> {
    const training = (this.#model.trainingInfo ?? []).flatMap((info) => [
      info.initialization,
      info.algorithm,
    ]);
    const reserved = namesInside([
      ...(this.#proto.node ?? []).flatMap(subgraphsOf),
      ...training.filter((graph) => graph !== undefined),
    ]);
    return reserved.size === 0 ? {} : { reserved };
  }

  /** Names that something in the file reads. */
  #usedNames(): ReadonlySet<string> {
    const used = new Set<string>();
    for (const node of this.#proto.node ?? []) {
      for (const name of node.input ?? []) used.add(name);
      for (const name of capturesOf(node)) used.add(name);
    }
    for (const output of this.#proto.output ?? []) used.add(output.name ?? '');
    return used;
  }

  #define(name: string, path: string): void {
    const first = this.#definitions.get(name);
    if (first !== undefined)
      throw invalid(path, `value ${quoted(name)} is defined before, by ${first}`, { value: name, first });
    this.#definitions.set(name, path);
  }

  #readInitializers(used: ReadonlySet<string>): void {
    (this.#proto.initializer ?? []).forEach((proto, index) => {
      const path = `${this.#path}.initializer[${index}]`;
      const name = proto.name ?? '';
      if (name === '') throw invalid(path, 'the tensor has no name');
      this.#define(name, path);
      const origin: ConstantOrigin = { kind: 'initializer', index, idle: !used.has(name) };
      this.#constants.set(name, constantOfProto(proto, { path, origin, external: this.#external }));
    });
    (this.#proto.sparseInitializer ?? []).forEach((proto, index) => {
      const path = `${this.#path}.sparseInitializer[${index}]`;
      const name = proto.values?.name ?? '';
      if (name === '') throw invalid(path, 'the tensor has no name');
      this.#define(name, path);
      const origin: SparseOrigin = { kind: 'sparse', proto };
      this.#nodes.push({
        name: '',
        op: 'Constant',
        domain: '',
        inputs: [],
        outputs: [name],
        attributes: {},
        opaque: true,
        origin,
      });
    });
  }

  #readInputs(): void {
    const seen = new Set<string>();
    (this.#proto.input ?? []).forEach((proto, index) => {
      const path = `${this.#path}.input[${index}]`;
      const info = readValueInfo(proto, path);
      if (seen.has(info.name))
        throw invalid(path, `input ${quoted(info.name)} comes twice`, { value: info.name });
      seen.add(info.name);
      // before IR version 4 each initializer is listed as an input too, and always is a constant here
      if (this.#definitions.has(info.name)) return;
      this.#define(info.name, path);
      this.#inputs.push(info);
    });
  }

  #readNode(proto: NodeProto, index: number, opset: number, used: ReadonlySet<string>): void {
    const path = `${this.#path}.node[${index}]`;
    const op = proto.opType ?? '';
    const place = `${path} ${quoted(proto.name)} (${op})`;
    if (op === '') throw invalid(place, 'the node has no operator');
    const outputs = proto.output ?? [];
    for (const name of outputs) if (name !== '') this.#define(name, place);
    const constant = constantOfNode(proto, { path, external: this.#external, index, used });
    if (constant !== undefined) {
      this.#constants.set(constant.name, constant);
      return;
    }
    const domain = domainOf(proto.domain);
    const captures = capturesOf(proto);
    const origin: NodeOrigin = { kind: 'node', proto, opset, index };
    this.#nodes.push({
      name: proto.name ?? '',
      op,
      domain,
      inputs: proto.input ?? [],
      outputs,
      attributes: readAttributes(proto.attribute ?? [], path, this.#external),
      opaque:
        !isKnownOperator(domain, op) || subgraphsOf(proto).length > 0 || this.#functions.has(nodeKey(proto)),
      ...(captures.length === 0 ? {} : { captures }),
      ...this.#branches(proto, path, opset),
      origin,
    });
  }

  #checkReads(): void {
    for (const node of this.#nodes) {
      for (const name of [...node.inputs, ...(node.captures ?? [])]) {
        if (name === '' || this.#definitions.has(name)) continue;
        const index = (node.origin as NodeOrigin).index;
        throw invalid(
          `${this.#path}.node[${index}] ${quoted(node.name)} (${node.op})`,
          `it reads ${quoted(name)}, which nothing makes`,
          {
            node: node.name,
            value: name,
          },
        );
      }
    }
  }

  #readOutputs(): readonly ValueInfo[] {
    const seen = new Set<string>();
    return (this.#proto.output ?? []).map((proto, index) => {
      const path = `${this.#path}.output[${index}]`;
      const info = readValueInfo(proto, path);
      if (seen.has(info.name))
        throw invalid(path, `output ${quoted(info.name)} comes twice`, { value: info.name });
      seen.add(info.name);
      if (!this.#definitions.has(info.name))
        throw invalid(path, `nothing makes output ${quoted(info.name)}`, { value: info.name });
      return info;
    });
  }

  #readValues(): ReadonlyMap<string, ValueInfo> {
    const values = new Map<string, ValueInfo>();
    (this.#proto.valueInfo ?? []).forEach((proto: ValueInfoProto, index) => {
      const info = readValueInfo(proto, `${this.#path}.valueInfo[${index}]`);
      if (!values.has(info.name)) values.set(info.name, info);
    });
    return values;
  }
}

/** The subgraphs of an If, read at most once and not before something asks for them: the file may be only written again. */
class StoredBranches implements Branches {
  readonly #read: readonly [whenTrue: () => Branch, whenFalse: () => Branch];
  #whenTrue: Branch | undefined;
  #whenFalse: Branch | undefined;

  constructor(whenTrue: () => Branch, whenFalse: () => Branch) {
    this.#read = [whenTrue, whenFalse];
  }

  get whenTrue(): Branch {
    this.#whenTrue ??= this.#read[0]();
    return this.#whenTrue;
  }

  get whenFalse(): Branch {
    this.#whenFalse ??= this.#read[1]();
    return this.#whenFalse;
  }
}

function functionKey(proto: FunctionProto): string {
  return JSON.stringify([domainOf(proto.domain), proto.name ?? '', proto.overload ?? '']);
}

function nodeKey(proto: NodeProto): string {
  return JSON.stringify([domainOf(proto.domain), proto.opType ?? '', proto.overload ?? '']);
}
