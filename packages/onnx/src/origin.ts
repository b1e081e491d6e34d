import type { Constant, Graph, Node } from '@halftone/graph';
import type { ExternalReader } from './external-range.ts';
import type { ModelProto, NodeProto, SparseTensorProto } from './messages.ts';

/** What the reader keeps of a node. */
export interface NodeOrigin {
  readonly kind: 'node';
  readonly proto: NodeProto;
  /** Version of ONNX's own domain whose meaning the node has. */
  readonly opset: number;
  /** Position in the file, which keeps nodes and `Constant` nodes in their order. */
  readonly index: number;
  /** Why the node could not be lifted to the graph's opset. */
  readonly refusal?: string;
}

/** What the reader keeps of a constant: which list of the file it stands in. */
export interface ConstantOrigin {
  readonly kind: 'initializer' | 'constant-node';
  readonly index: number;
  readonly node?: NodeProto;
  /** True where nothing read it in the file, so that it is not dropped for being unused. */
  readonly idle: boolean;
}

/** What the reader keeps of a sparse initializer, which stands in the graph as an opaque node without inputs. */
export interface SparseOrigin {
  readonly kind: 'sparse';
  readonly proto: SparseTensorProto;
}

/** What the reader keeps of the file around the graph. */
export interface GraphOrigin {
  readonly kind: 'model';
  readonly model: ModelProto;
  /** Version of ONNX's own domain in the file; undefined where the file does not use it. */
  readonly opset: number | undefined;
  readonly external: ExternalReader | undefined;
}

/** The origin of a graph that this package read. */
export function graphOrigin(graph: Graph): GraphOrigin | undefined {
  return ofKind<GraphOrigin>(graph.origin, ['model']);
}

/** The origin of a node that this package read. */
export function nodeOrigin(node: Node): NodeOrigin | SparseOrigin | undefined {
  return ofKind<NodeOrigin | SparseOrigin>(node.origin, ['node', 'sparse']);
}

/** The origin of a constant that this package read. */
export function constantOrigin(constant: Constant): ConstantOrigin | undefined {
  return ofKind<ConstantOrigin>(constant.origin, ['initializer', 'constant-node']);
}

function ofKind<T extends { readonly kind: string }>(
  origin: unknown,
  kinds: readonly T['kind'][],
): T | undefined {
  if (typeof origin !== 'object' || origin === null || !('kind' in origin)) return undefined;
  return kinds.includes(origin.kind as T['kind']) ? (origin as T) : undefined;
}
