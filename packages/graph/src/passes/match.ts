// Questions that passes ask about an open graph.
import { isCodeType, isDType, type Tensor } from '@halftone/core';
import type { GraphEditor } from '../edit.ts';
import { type Attribute, elementsOf, type Node } from '../ir.ts';

/** A node that passes may read. */
export type TypedNode = Node & { readonly opaque: false };

/** True for a typed node of ONNX's own domain with one of these names. */
export function isOp(node: Node | undefined, ...ops: readonly string[]): node is TypedNode {
  return (
    node !== undefined &&
    !node.opaque &&
    (node.domain === '' || node.domain === 'ai.onnx') &&
    ops.includes(node.op)
  );
}

/** The nodes in order, each as it stands when its turn comes: edits of earlier turns replace nodes. */
export function* eachNode(editor: GraphEditor): Generator<Node> {
  for (const { outputs } of editor.nodes()) {
    const node = editor.producer(outputs.find((output) => output !== '') ?? '');
    if (node !== undefined) yield node;
  }
}

/** True while a pass has not removed the node. */
export function isLive(editor: GraphEditor, node: Node): boolean {
  return node.outputs.some((output) => output !== '' && editor.producer(output) === node);
}

/** The elements of a constant of a type that core holds; undefined for every other value. */
export function constantTensor(editor: GraphEditor, name: string | undefined): Tensor | undefined {
  const constant = editor.constants.get(name ?? '');
  return constant !== undefined && isDType(constant.elementType) ? constant.tensor() : undefined;
}

/** The codes of a constant, or its int32 sums; codes narrower than a byte in one each. */
export function constantCodes(editor: GraphEditor, name: string | undefined): Tensor | undefined {
  const constant = editor.constants.get(name ?? '');
  const holds = constant?.elementType === 'int32' || isCodeType(constant?.elementType);
  return constant !== undefined && holds ? elementsOf(constant) : undefined;
}

/** The elements of a float32 constant. */
export function floatConstant(editor: GraphEditor, name: string | undefined): Tensor<'float32'> | undefined {
  const found = constantTensor(editor, name);
  return found?.dtype === 'float32' ? (found as Tensor<'float32'>) : undefined;
}

/** True where nothing uses the outputs of a node past the first. */
export function onlyFirstOutput(editor: GraphEditor, node: Node): boolean {
  return node.outputs
    .slice(1)
    .every((output) => output === '' || (!editor.isOutput(output) && editor.consumers(output).length === 0));
}

/** `attributes` without those named. */
export function without(
  attributes: Readonly<Record<string, Attribute>>,
  ...names: readonly string[]
): Record<string, Attribute> {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

/**
 * Removes a node whose first output is the same value as `to`: readers move to `to`, or the producer of `to` takes over
 * the output's name. False, with nothing changed, where names that others rely on stand on both sides.
 */
export function bypass(editor: GraphEditor, node: Node, to: string): boolean {
  const from = node.outputs[0]!;
  if (editor.redirect(from, to)) {
    editor.remove(node);
    return true;
  }
  const producer = editor.producer(to);
  const others = editor.consumers(to).filter((consumer) => consumer !== node);
  if (
    producer === undefined ||
    producer.opaque ||
    producer === node ||
    editor.isOutput(to) ||
    others.length > 0
  )
    return false;
  editor.remove(node);
  const { origin: _, ...rest } = producer;
  editor.replace(producer, {
    ...rest,
    outputs: producer.outputs.map((output) => (output === to ? from : output)),
  });
  return true;
}

/** Operators whose result has as many axes as their first input. */
const keepsRank = [
  'Identity',
  'Relu',
  'Clip',
  'Sigmoid',
  'Tanh',
  'Softmax',
  'Dropout',
  'Cast',
  'Transpose',
  'QuantizeLinear',
  'DequantizeLinear',
  'BatchNormalization',
];

/** Number of axes of a value, as far as the graph states it or the operators before it fix it. */
export function rankOf(editor: GraphEditor, value: string): number | undefined {
  for (let name: string | undefined = value; name !== undefined && name !== ''; ) {
    const info = editor.constants.get(name) ?? editor.values.get(name) ?? editor.input(name);
    if (info?.shape !== undefined) return info.shape.length;
    const node = editor.producer(name);
    if (isOp(node, 'Flatten', 'Gemm')) return 2;
    if (isOp(node, 'Reshape')) return editor.constants.get(node.inputs[1] ?? '')?.shape[0];
    const matrix = isOp(node, 'MatMul') && editor.constants.get(node.inputs[1] ?? '')?.shape.length === 2;
    name = isOp(node, ...keepsRank) || matrix ? node?.inputs[0] : undefined;
  }
  return undefined;
}
