import type { CodeType, QuantParams, Scheme } from '@halftone/core';
import type { Graph, Node } from '@halftone/graph';
import { handleOf } from './exclude.ts';
import type { ReasonCode } from './operators.ts';
import type { WeightChoice } from './options.ts';
import type { Selection } from './select.ts';
import type { QuantizedWeights } from './weights.ts';

/** What a quantization did, in full; plain JSON. */
export interface QuantizationReport {
  readonly schemaVersion: 1;
  /** Calibration method (`custom` for an observer of one's own); null where nothing is calibrated. */
  readonly method: string | null;
  readonly format: 'qdq' | 'qoperator' | 'dynamic';
  readonly weights: {
    readonly dtype: CodeType;
    readonly scheme: Scheme;
    readonly granularity: 'per-channel' | 'per-tensor';
    readonly reduceRange: boolean;
  };
  readonly activations: { readonly dtype: CodeType; readonly scheme: Scheme };
  /** How much data the ranges come from; null where nothing is calibrated. */
  readonly calibration: { readonly batches: number; readonly samples: number } | null;
  readonly counts: { readonly nodes: number; readonly quantized: number; readonly float: number };
  /** Every node of the prepared model (constants and BatchNormalization folded), in its order. */
  readonly nodes: readonly NodeReport[];
  /** Every quantized activation. */
  readonly tensors: readonly TensorReport[];
  readonly weightTensors: readonly WeightReport[];
  readonly warnings: readonly Warning[];
}

/** What became of one node. */
export interface NodeReport {
  /** May be empty, as in the file. */
  readonly name: string;
  readonly op: string;
  /** First output: it identifies the node. */
  readonly output: string;
  readonly quantized: boolean;
  /** First output of the node that this one, a clamp, is part of. */
  readonly fusedInto?: string;
  /** Why the node stays float. */
  readonly reason?: { readonly code: ReasonCode; readonly text: string };
}

/** Parameters of one activation. */
export interface TensorReport {
  readonly name: string;
  readonly dtype: CodeType;
  readonly scale: number;
  readonly zeroPoint: number;
  /** Range that the parameters were chosen for, that of all values with the same scale. */
  readonly min: number;
  readonly max: number;
  /** The value whose scale this one shares. */
  readonly sharedWith?: string;
}

/** Parameters of one weight tensor. */
export interface WeightReport {
  readonly name: string;
  /** First output of the node that reads it. */
  readonly node: string;
  readonly dtype: CodeType;
  /** Axis of the scales; null per tensor. */
  readonly axis: number | null;
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  /** Signal to quantization noise in dB; null where the codes are exact. */
  readonly sqnrDb: number | null;
}

/** What the user should know. */
export interface Warning {
  readonly code:
    | 'bias-overflow-avoided'
    | 'nan-skipped'
    | 'nothing-observed'
    | 'few-samples'
    | 'exclude-folded';
  readonly text: string;
  /** The value, constant or node that it is about. */
  readonly subject?: string;
}

/** Entries of the nodes, in the graph's order. */
export function nodeReports(graph: Graph, selection: Selection): NodeReport[] {
  return graph.nodes.map((node) => {
    const owner = selection.fused.get(node);
    const reason = selection.left.get(node);
    return {
      name: node.name,
      op: node.op,
      output: outputOf(node),
      quantized: reason === undefined,
      ...(owner && { fusedInto: outputOf(owner) }),
      ...(reason && { reason: { ...reason } }),
    };
  });
}

/** Entries of the weights, in the order of quantization. */
export function weightReports(weights: ReadonlyMap<Node, QuantizedWeights>): WeightReport[] {
  return [...weights].map(([node, { name, params, sqnrDb }]) => ({
    name,
    node: outputOf(node),
    dtype: params.dtype,
    axis: params.axis ?? null,
    scale: Array.from(params.scale),
    zeroPoint: zeroPoints(params),
    sqnrDb,
  }));
}

/** Warnings about channels whose weight scale was raised for their bias. */
export function biasWarnings(weights: ReadonlyMap<Node, QuantizedWeights>): Warning[] {
  return [...weights.values()]
    .filter(({ raised }) => raised.length > 0)
    .map(({ name, raised }) => ({
      code: 'bias-overflow-avoided',
      text: `${raised.length} scale${raised.length === 1 ? '' : 's'} of ${name} raised so that the bias fits int32; these weights are coarser`,
      subject: name,
    }));
}

/** Warnings about exclusions that folding made void: the node is part of another by now. */
export function excludeWarnings(source: Graph, prepared: Graph, exclude: readonly string[] = []): Warning[] {
  const names = (graph: Graph): Set<string> =>
    new Set(graph.nodes.flatMap((node) => [node.op, handleOf(node)]));
  const [before, after] = [names(source), names(prepared)];
  return exclude
    .filter((entry) => before.has(entry) && !after.has(entry))
    .map((entry) => ({
      code: 'exclude-folded',
      text: `${entry} is excluded, but it was folded into the operator before it; exclude that one`,
      subject: entry,
    }));
}

/** Numbers of nodes by fate. */
export function countNodes(nodes: readonly NodeReport[]): QuantizationReport['counts'] {
  const quantized = nodes.filter((node) => node.quantized).length;
  return { nodes: nodes.length, quantized, float: nodes.length - quantized };
}

/** Weight choices in the words of the options. */
export function weightSummary(choice: WeightChoice): QuantizationReport['weights'] {
  const { dtype, scheme, perChannel, reduceRange } = choice;
  return { dtype, scheme, granularity: perChannel ? 'per-channel' : 'per-tensor', reduceRange };
}

function zeroPoints(params: QuantParams): number[] {
  return Array.from(params.zeroPoint ?? new Int32Array(params.scale.length));
}

function outputOf(node: Node): string {
  return node.outputs.find((output) => output !== '') ?? '';
}
