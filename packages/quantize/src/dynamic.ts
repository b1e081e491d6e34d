import { type Tensor, tensor } from '@halftone/core';
import {
  attribute,
  constantOf,
  type Graph,
  GraphEditor,
  intAttr,
  makeNode,
  type Node,
  prepareFloat,
} from '@halftone/graph';
import { excludedBy } from './exclude.ts';
import { quantizableOperator, reason, type Reason, type Roles } from './operators.ts';
import { checkStop, type DynamicOptions, type WeightChoice, weightChoice } from './options.ts';
import {
  countNodes,
  excludeWarnings,
  nodeReports,
  type QuantizationReport,
  weightReports,
  weightSummary,
} from './report.ts';
import { requireSome, selectNodes, type Selection } from './select.ts';
import type { QuantizationResult } from './static.ts';
import { floatWeights, type QuantizedWeights, quantizeWeights } from './weights.ts';

const FLOAT = 1;

/**
 * Quantizes the products of a float graph without calibration data: each run measures the ranges of its activations
 * (DynamicQuantizeLinear, uint8), multiplies in integers (MatMulInteger, ConvInteger) and goes back to float.
 * MatMul, Gemm and Conv with constant weights; one measurement serves all readers of a value. `graph` is not changed.
 * Throws HT_INVALID_ARGUMENT for options that are unknown or exclude what is not there, HT_UNSUPPORTED where nothing can
 * be quantized.
 */
export function quantizeDynamic(graph: Graph, options: DynamicOptions = {}): QuantizationResult {
  const weights = weightChoice(options);
  const excluded = excludedBy(graph, options.exclude);
  checkStop(options.signal);
  const prepared = prepareFloat(graph);
  const selection = onlyProducts(selectNodes(prepared, excluded));
  requireSome(selection);
  const writer = new DynamicWriter(prepared, weights);
  for (const { node, roles } of selection.quantized.values()) writer.write(node, roles);
  const nodes = nodeReports(prepared, selection);
  const report: QuantizationReport = {
    schemaVersion: 1,
    method: null,
    format: 'dynamic',
    weights: weightSummary(weights),
    activations: { dtype: 'uint8', scheme: 'asymmetric' },
    calibration: null,
    counts: countNodes(nodes),
    nodes,
    tensors: [],
    weightTensors: weightReports(writer.weights),
    warnings: excludeWarnings(graph, prepared, options.exclude),
  };
  return { model: writer.finish(), report };
}

/** Leaves float what has no weights to gain from, and clamps as nodes of their own. */
function onlyProducts(selection: Selection): Selection {
  const quantized = new Map(selection.quantized);
  const left = new Map(selection.left);
  for (const [node, item] of selection.quantized) {
    const refusal = refuse(node, item.roles);
    if (refusal) {
      quantized.delete(node);
      left.set(node, refusal);
    }
  }
  for (const clamp of selection.fused.keys())
    left.set(
      clamp,
      reason('unsupported-op', 'only products with constant weights are quantized dynamically'),
    );
  return { quantized, fused: new Map(), left };
}

function refuse(node: Node, roles: Roles): Reason | undefined {
  if (roles.weights === undefined) {
    return quantizableOperator(node)?.kind === 'weighted'
      ? reason('weights-not-constant', 'both operands are computed while the model runs')
      : reason('unsupported-op', 'only products with constant weights are quantized dynamically');
  }
  if (node.op === 'Gemm' && intAttr(node, 'transA', 0) !== 0) {
    return reason('unsupported-form', 'MatMulInteger takes no transposed activations');
  }
  return undefined;
}

interface DynamicInput {
  readonly codes: string;
  readonly scale: string;
  readonly zeroPoint: string;
}

class DynamicWriter {
  readonly weights: Map<Node, QuantizedWeights> = new Map();
  readonly #graph: Graph;
  readonly #choice: WeightChoice;
  readonly #editor: GraphEditor;
  readonly #inputs = new Map<string, DynamicInput>();

  constructor(graph: Graph, choice: WeightChoice) {
    this.#graph = graph;
    this.#choice = choice;
    this.#editor = new GraphEditor(graph);
  }

  finish(): Graph {
    const graph = this.#editor.finish();
    return { ...graph, opset: Math.max(13, graph.opset) };
  }

  /** Product in integers, Cast, times the scales of both sides, plus the bias: the form that ONNX Runtime fuses. */
  write(node: Node, roles: Roles): void {
    const editor = this.#editor;
    const quantized = quantizeWeights(this.#graph, node, roles, this.#choice, undefined);
    this.weights.set(node, quantized);
    const { name, params } = quantized;
    const isConv = node.op === 'Conv';
    const x = this.#input(node.inputs[0] as string);
    const codes = this.#constant(`${name}_quantized`, this.#codes(node, quantized));
    const zeroPoint = this.#constant(
      `${name}_zero_point`,
      tensor(params.dtype, [params.zeroPoint?.[0] ?? 0], []),
    );
    const rank = this.#graph.constants.get(name)?.shape.length ?? 0;
    const scaleShape = params.axis === undefined ? [] : channelShape(isConv, params.scale.length, rank);
    const scale = this.#constant(`${name}_scale`, tensor('float32', params.scale, scaleShape));
    const output = node.outputs[0] as string;
    const product = makeNode(
      isConv ? 'ConvInteger' : 'MatMulInteger',
      [x.codes, codes, x.zeroPoint, zeroPoint],
      [editor.fresh(`${output}_integer`)],
      isConv ? node.attributes : {},
      { name: node.name },
    );
    const cast = this.#step('Cast', product.outputs, `${output}_cast`, { to: attribute.int(FLOAT) });
    const scales = this.#step('Mul', [x.scale, scale], `${output}_scale`);
    const { bias } = floatWeights(this.#graph, node, roles);
    const factors = [...cast.outputs, ...scales.outputs];
    const steps = [product, cast, scales];
    if (bias === undefined) {
      steps.push(makeNode('Mul', factors, [output]));
    } else {
      const scaled = this.#step('Mul', factors, `${output}_scaled`);
      const shape = channelShape(isConv, bias.length, rank);
      const value = this.#constant(
        `${node.inputs[roles.bias as number]}_added`,
        tensor('float32', bias, shape),
      );
      steps.push(scaled, makeNode('Add', [...scaled.outputs, value], [output]));
    }
    editor.replace(node, ...steps);
  }

  #input(value: string): DynamicInput {
    let input = this.#inputs.get(value);
    if (input === undefined) {
      const editor = this.#editor;
      input = {
        codes: editor.fresh(`${value}_quantized`),
        scale: editor.fresh(`${value}_scale`),
        zeroPoint: editor.fresh(`${value}_zero_point`),
      };
      const outputs = [input.codes, input.scale, input.zeroPoint];
      editor.add(
        makeNode('DynamicQuantizeLinear', [value], outputs, {}, { name: `${value}_DynamicQuantizeLinear` }),
      );
      this.#inputs.set(value, input);
    }
    return input;
  }

  /** MatMulInteger takes weights as [K, N]. */
  #codes(node: Node, { codes }: QuantizedWeights): Tensor {
    if (node.op !== 'Gemm' || intAttr(node, 'transB', 0) === 0) return codes;
    const [n, k] = codes.shape as [number, number];
    const out = codes.data.slice();
    for (let i = 0; i < n; i++) for (let j = 0; j < k; j++) out[j * n + i] = codes.data[i * k + j] as number;
    return tensor(codes.dtype, out, [k, n]);
  }

  #constant(base: string, value: Tensor): string {
    return this.#editor.addConstant(constantOf(this.#editor.fresh(base), value));
  }

  #step(op: string, inputs: readonly string[], base: string, attributes: Node['attributes'] = {}): Node {
    return makeNode(op, inputs, [this.#editor.fresh(base)], attributes);
  }
}

/** A list of one element a channel, shaped to meet a product: [1, C, 1, ...] for images, [C] for matrices. */
function channelShape(isConv: boolean, channels: number, rank: number): readonly number[] {
  return isConv ? [1, channels, ...Array.from({ length: rank - 2 }, () => 1)] : [channels];
}
