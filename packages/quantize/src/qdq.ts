import { type CodeType, quantizeArray, type QuantParams, type Tensor, tensor, zeros } from '@halftone/core';
import {
  attribute,
  type Attribute,
  constantOf,
  floatAttr,
  type Graph,
  GraphEditor,
  makeNode,
  type Node,
} from '@halftone/graph';
import type { ScaleGroup } from './groups.ts';
import type { WeightChoice } from './options.ts';
import type { QuantizedNode, Selection } from './select.ts';
import { type QuantizedWeights, quantizeWeights } from './weights.ts';

/** What a quantized graph is written from. */
export interface QdqPlan {
  readonly graph: Graph;
  readonly selection: Selection;
  /** Of each value to quantize. */
  readonly groups: ReadonlyMap<string, ScaleGroup>;
  /** Of each group, by its name. */
  readonly params: ReadonlyMap<string, QuantParams<CodeType>>;
  readonly weights: WeightChoice;
}

/** The graph with Q/DQ, and the weights in it by node. */
export interface QdqResult {
  readonly graph: Graph;
  readonly weights: ReadonlyMap<Node, QuantizedWeights>;
}

const PER_TENSOR: Readonly<Record<string, Attribute>> = {};

/**
 * Writes QuantizeLinear and DequantizeLinear around every selected node: once for each value, shared by all that read
 * it; weights and biases as integer constants with DequantizeLinear alone. Graph inputs and outputs keep name and type.
 * What a float operator makes is rounded for quantized readers only; what a quantized one makes, for everyone, for
 * otherwise its float result would have to be kept beside the codes.
 */
export function insertQdq(plan: QdqPlan): QdqResult {
  return new QdqWriter(plan).write();
}

class QdqWriter {
  readonly #plan: QdqPlan;
  readonly #editor: GraphEditor;
  /** Quantized values by the node that makes them. */
  readonly #makers = new Map<string, QuantizedNode>();
  /** What a quantized reader reads, and everyone where a quantized node made it. */
  readonly #dequantized = new Map<string, string>();
  /** Names that makers write to, where the value's own name is taken by its dequantized form. */
  readonly #raw = new Map<string, string>();
  readonly #scales = new Map<string, readonly [scale: string, zeroPoint: string]>();
  readonly #weightValues = new Map<string, string>();
  readonly #weights = new Map<Node, QuantizedWeights>();

  constructor(plan: QdqPlan) {
    this.#plan = plan;
    this.#editor = new GraphEditor(plan.graph);
  }

  write(): QdqResult {
    const { graph, groups, selection } = this.#plan;
    for (const item of selection.quantized.values()) this.#makers.set(item.output, item);
    for (const value of groups.keys()) this.#quantizeValue(value);
    for (const node of graph.nodes) this.#rewrite(node);
    const result = this.#editor.finish();
    return { graph: { ...result, opset: Math.max(13, result.opset) }, weights: this.#weights };
  }

  #paramsOf(value: string): QuantParams<CodeType> {
    const group = this.#plan.groups.get(value) as ScaleGroup;
    return this.#plan.params.get(group.name) as QuantParams<CodeType>;
  }

  #quantizeValue(value: string): void {
    const scale = this.#scaleOf(value);
    const constant = this.#plan.graph.constants.get(value);
    const raw = constant === undefined ? this.#rawName(value) : undefined;
    const codes =
      constant === undefined
        ? this.#quantize(raw ?? value, scale, value)
        : this.#constant(`${value}_quantized`, this.#codesOf(value, constant.tensor() as Tensor<'float32'>));
    const output = raw === undefined ? this.#editor.fresh(`${value}_dequantized`) : value;
    this.#dequantize(value, codes, scale, output);
    this.#dequantized.set(value, output);
  }

  #codesOf(value: string, constant: Tensor<'float32'>): Tensor<CodeType> {
    const params = this.#paramsOf(value);
    const codes = zeros(params.dtype, constant.shape);
    quantizeArray(constant.data, params, codes.data);
    return codes;
  }

  /** Where a quantized node writes to, if the value's own name must be that of its dequantized form. */
  #rawName(value: string): string | undefined {
    const editor = this.#editor;
    const held =
      editor.isOutput(value) || editor.consumers(value).some((node) => node.captures?.includes(value));
    if (!held || !this.#makers.has(value)) return undefined;
    const raw = editor.fresh(`${value}_float`);
    this.#raw.set(value, raw);
    return raw;
  }

  #rewrite(node: Node): void {
    const item = this.#plan.selection.quantized.get(node);
    const inputs = node.inputs.map((input, i) => {
      if (item?.roles.activations.includes(i)) return this.#dequantized.get(input) as string;
      return this.#makers.has(input) ? (this.#dequantized.get(input) as string) : input;
    });
    let attributes = node.attributes;
    if (item?.roles.weights !== undefined) {
      const [weights, bias] = this.#weightInputs(item);
      inputs[item.roles.weights.input] = weights;
      if (item.roles.bias !== undefined) inputs[item.roles.bias] = bias as string;
      const { alpha: _, beta: __, ...rest } = attributes;
      if (node.op === 'Gemm') attributes = rest;
    }
    const outputs = node.outputs.map((output) => this.#raw.get(output) ?? output);
    const same =
      attributes === node.attributes &&
      inputs.every((name, i) => name === node.inputs[i]) &&
      outputs.every((name, i) => name === node.outputs[i]);
    if (same) return;
    const { origin: _, ...rest } = node;
    this.#editor.replace(node, { ...rest, inputs, outputs, attributes });
  }

  #weightInputs({ node, roles }: QuantizedNode): readonly [weights: string, bias: string | undefined] {
    const inputScale = this.#paramsOf(node.inputs[roles.activations[0] as number] as string)
      .scale[0] as number;
    const quantized = quantizeWeights(this.#plan.graph, node, roles, this.#plan.weights, inputScale);
    this.#weights.set(node, quantized);
    const { name, params, codes, bias } = quantized;
    const alpha = node.op === 'Gemm' ? floatAttr(node, 'alpha', 1) : 1;
    const key = `${name} ${params.axis} ${params.scale.join()} ${alpha}`;
    let weights = this.#weightValues.get(key);
    if (weights === undefined) {
      weights = this.#weightValue(name, codes, params);
      this.#weightValues.set(key, weights);
    }
    return [weights, bias && this.#biasValue(node.inputs[roles.bias as number] as string, bias)];
  }

  #weightValue(name: string, codes: Tensor<CodeType>, params: QuantParams<CodeType>): string {
    const channels = params.axis === undefined ? [] : [params.scale.length];
    const value = this.#constant(`${name}_quantized`, codes);
    const scale = this.#constant(`${name}_scale`, tensor('float32', params.scale, channels));
    const zeroPoints = Array.from(params.zeroPoint ?? new Int32Array(params.scale.length));
    const zeroPoint = this.#constant(`${name}_zero_point`, tensor(params.dtype, zeroPoints, channels));
    const attributes = params.axis === undefined ? PER_TENSOR : { axis: attribute.int(params.axis) };
    const output = this.#editor.fresh(`${name}_dequantized`);
    return this.#dequantize(name, value, [scale, zeroPoint], output, attributes);
  }

  #biasValue(name: string, bias: NonNullable<QuantizedWeights['bias']>): string {
    const perChannel = bias.scale.length > 1;
    const value = this.#constant(`${name}_quantized`, tensor('int32', bias.codes));
    const scale = this.#constant(
      `${name}_scale`,
      tensor('float32', bias.scale, perChannel ? [bias.scale.length] : []),
    );
    // int32 codes have no zero point, by the operator's definition.
    const attributes = perChannel ? { axis: attribute.int(0) } : PER_TENSOR;
    const output = this.#editor.fresh(`${name}_dequantized`);
    return this.#dequantize(name, value, [scale], output, attributes);
  }

  /** The scale and zero point constants of a value's group. */
  #scaleOf(value: string): readonly [scale: string, zeroPoint: string] {
    const { name } = this.#plan.groups.get(value) as ScaleGroup;
    let names = this.#scales.get(name);
    if (names === undefined) {
      const { scale, zeroPoint, dtype } = this.#paramsOf(value);
      names = [
        this.#constant(`${name}_scale`, tensor('float32', scale, [])),
        this.#constant(`${name}_zero_point`, tensor(dtype, [zeroPoint?.[0] ?? 0], [])),
      ];
      this.#scales.set(name, names);
    }
    return names;
  }

  #constant(base: string, value: Tensor): string {
    return this.#editor.addConstant(constantOf(this.#editor.fresh(base), value));
  }

  #quantize(source: string, params: readonly string[], value: string): string {
    const codes = this.#editor.fresh(`${value}_quantized`);
    this.#editor.add(
      makeNode('QuantizeLinear', [source, ...params], [codes], {}, { name: `${value}_QuantizeLinear` }),
    );
    return codes;
  }

  #dequantize(
    subject: string,
    codes: string,
    params: readonly string[],
    output: string,
    attributes: Readonly<Record<string, Attribute>> = PER_TENSOR,
  ): string {
    const name = `${subject}_DequantizeLinear`;
    this.#editor.add(makeNode('DequantizeLinear', [codes, ...params], [output], attributes, { name }));
    return output;
  }
}
