// y[c] = factor[c] * x[c] + offset: nodes that scale and shift each channel by constants, folded into the node before them.
import { sizeOf, type Tensor, tensor } from '@halftone/core';
import { floatAttr, intAttr } from '../attributes.ts';
import type { GraphEditor } from '../edit.ts';
import { constantOf, type Node } from '../ir.ts';
import { type Budget, spend } from '../lower/budget.ts';
import { floatConstant, isOp, without } from './match.ts';

/** What a node does to each channel, in float64. */
export interface Affine {
  /** One for each channel, or one for all. */
  readonly factor: ArrayLike<number>;
  /** What becomes of the bias `b` of channel `c`. */
  bias(b: number, c: number): number;
}

/** An operator with constant weights, open for changes of its output channels. */
interface Producer {
  readonly node: Node;
  readonly channels: number;
  /** What the weights take. */
  readonly byteLength: number;
  /** Weights times `factor`, in float64, rounded once. */
  scaled(factor: (channel: number) => number): Tensor<'float32'>;
  /** What the node adds to each channel now; undefined where that is not one number a channel. */
  readonly bias: ArrayLike<number> | undefined;
}

/**
 * Applies `affine` to the weights of the node that computes `node`'s data input, which then computes `node`'s output.
 * False, with nothing changed, where that node is of another kind, has weights that are no float32 constants, or has
 * other readers, or where the budget does not have what they take. Weights are new constants: other nodes may share the
 * old ones.
 */
export function absorb(
  editor: GraphEditor,
  node: Node,
  input: string,
  budget: Budget,
  affineFor: (channels: number) => Affine | undefined,
): boolean {
  const source = editor.producer(input);
  if (source === undefined || editor.soleConsumer(input) !== node) return false;
  const producer = convProducer(editor, source) ?? gemmProducer(editor, source);
  if (producer?.bias === undefined) return false;
  const { channels, bias: old } = producer;
  const affine = affineFor(channels);
  if (affine === undefined) return false;
  const factor = (c: number): number => affine.factor[affine.factor.length === 1 ? 0 : c]!;
  const bias = Float32Array.from({ length: channels }, (_, c) => affine.bias(old[c]!, c));
  const [data, weights, biasName = ''] = source.inputs as [string, string, string?];
  const plain = Array.from({ length: channels }, (_, c) => factor(c)).every((f) => f === 1);
  if (!spend(budget, bias.byteLength + (plain ? 0 : producer.byteLength))) return false;
  const inputs = [
    data,
    plain ? weights : editor.addConstant(constantOf(editor.fresh(weights), producer.scaled(factor))),
    editor.addConstant(
      constantOf(editor.fresh(biasName === '' ? `${weights}_bias` : biasName), tensor('float32', bias)),
    ),
  ];
  // Gemm's new bias is what it adds; beta has been applied to it.
  const attributes = isOp(source, 'Gemm') ? without(source.attributes, 'beta') : source.attributes;
  editor.remove(node);
  const { origin: _, ...rest } = source;
  editor.replace(source, { ...rest, inputs, attributes, outputs: [node.outputs[0]!] });
  return true;
}

function convProducer(editor: GraphEditor, node: Node): Producer | undefined {
  if (!isOp(node, 'Conv', 'ConvTranspose')) return undefined;
  const weights = floatConstant(editor, node.inputs[1]);
  if (weights === undefined || weights.shape.length < 3) return undefined;
  const [first, second] = weights.shape as [number, number];
  const inner = sizeOf(weights.shape.slice(2));
  const groups = intAttr(node, 'group', 1);
  if (node.op === 'Conv') {
    const row = second * inner;
    return {
      node,
      channels: first,
      byteLength: weights.data.byteLength,
      scaled: (f) => scale(weights, (i) => f(Math.floor(i / row))),
      bias: vector(editor, node, first),
    };
  }
  // ConvTranspose holds [input channels, output channels of one group, ...].
  const channels = second * groups;
  const perGroup = first / groups;
  const channelOf = (i: number): number => {
    const [from, within] = [Math.floor(i / (second * inner)), Math.floor(i / inner) % second];
    return Math.floor(from / perGroup) * second + within;
  };
  return {
    node,
    channels,
    byteLength: weights.data.byteLength,
    scaled: (f) => scale(weights, (i) => f(channelOf(i))),
    bias: vector(editor, node, channels),
  };
}

function gemmProducer(editor: GraphEditor, node: Node): Producer | undefined {
  if (!isOp(node, 'Gemm')) return undefined;
  const weights = floatConstant(editor, node.inputs[1]);
  if (weights?.shape.length !== 2) return undefined;
  const [rows, columns] = weights.shape as [number, number];
  const transposed = intAttr(node, 'transB', 0) === 1;
  const channels = transposed ? rows : columns;
  const beta = floatAttr(node, 'beta', 1);
  const bias = vector(editor, node, channels);
  return {
    node,
    channels,
    byteLength: weights.data.byteLength,
    scaled: (f) => scale(weights, (i) => f(transposed ? Math.floor(i / columns) : i % columns)),
    bias: beta === 1 || bias === undefined ? bias : Float64Array.from(bias, (b) => b * beta),
  };
}

function scale(weights: Tensor<'float32'>, factor: (index: number) => number): Tensor<'float32'> {
  return tensor(
    'float32',
    weights.data.map((w, i) => w * factor(i)),
    weights.shape,
  );
}

/** The third input as one number for each channel; zeros where it is left out. */
function vector(editor: GraphEditor, node: Node, channels: number): ArrayLike<number> | undefined {
  if (!node.inputs[2]) return new Float64Array(channels);
  const bias = floatConstant(editor, node.inputs[2]);
  return bias === undefined ? undefined : perChannel(bias, channels, Math.max(1, bias.shape.length), 'last');
}

/**
 * A constant that broadcasts over a value of `rank` axes, as one number for each channel; undefined where it differs
 * within a channel or would make the value larger. Channels stand at axis 1, or at the last one.
 */
export function perChannel(
  constant: Tensor<'float32'>,
  channels: number,
  rank: number,
  place: 'second' | 'last',
): Float32Array | undefined {
  const missing = rank - constant.shape.length;
  if (missing < 0) return undefined;
  const channelAxis = place === 'last' ? rank - 1 : 1;
  const fits = constant.shape.every(
    (extent, i) => extent === 1 || (i + missing === channelAxis && extent === channels),
  );
  if (!fits) return undefined;
  return constant.data.length === channels
    ? constant.data
    : new Float32Array(channels).fill(constant.data[0]!);
}
