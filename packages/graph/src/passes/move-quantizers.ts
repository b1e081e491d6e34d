// Moves DequantizeLinear behind operators that only move elements, and removes pairs that undo each other.
import { codeRange } from '@halftone/core';
import { intsAttr } from '../attributes.ts';
import { GraphEditor } from '../edit.ts';
import { attribute, type Graph, makeNode, type Node } from '../ir.ts';
import { type Bounds, clampOf, codeBounds, composed, isFull, unbounded } from './clamps.ts';
import { codeClip } from './fusion.ts';
import { bypass, eachNode, isOp, onlyFirstOutput } from './match.ts';
import {
  activationOf,
  movers,
  type Quantization,
  quantizerOf,
  sameParams,
  weightsOf,
  zeroPoints,
} from './qparams.ts';

/**
 * op(DQ(codes)) becomes DQ(op(codes)) for Reshape, Flatten, Transpose, Squeeze, Unsqueeze, Identity, MaxPool, Concat of
 * values with the same parameters, and Relu: the same reals, exactly. Transpose of constants moves an axis of scales too.
 */
export function sinkDequantizers(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of eachNode(editor)) {
    if (isOp(node, 'Relu')) sinkRelu(editor, node);
    else if (isOp(node, ...movers)) sinkMover(editor, node);
  }
  return editor.finish();
}

function sinkMover(editor: GraphEditor, node: Node): void {
  const data = node.op === 'Concat' ? node.inputs : node.inputs.slice(0, 1);
  const sources = data.map((input) =>
    node.op === 'Transpose' ? weightsOf(editor, input) : activationOf(editor, input),
  );
  const [first] = sources;
  if (first === undefined || !onlyFirstOutput(editor, node)) return;
  if (
    !sources.every(
      (source): source is Quantization<'int8' | 'uint8'> =>
        source !== undefined && sameParams(source.params, first.params),
    )
  )
    return;
  const { axis } = first.params;
  let attributes = {};
  if (axis !== undefined) {
    const rank = editor.constants.get(first.codes)?.shape.length;
    if (rank === undefined) return;
    const perm = intsAttr(
      node,
      'perm',
      Array.from({ length: rank }, (_, i) => rank - 1 - i),
    );
    attributes = { axis: attribute.int(perm.indexOf(axis)) };
  }
  const output = node.outputs[0]!;
  const codes = editor.fresh(`${output}_codes`);
  const inputs = [...sources.map((source) => source.codes), ...node.inputs.slice(sources.length)];
  const { origin: _, ...rest } = node;
  editor.replace(node, { ...rest, inputs, outputs: [codes] }, dequantize(first, codes, output, attributes));
}

function sinkRelu(editor: GraphEditor, node: Node): void {
  const source = activationOf(editor, node.inputs[0]);
  if (source === undefined) return;
  const { dtype } = source.params;
  const [min, max] = codeRange(dtype);
  const zero = zeroPoints(source.params)[0]!;
  if (zero === min && bypass(editor, node, node.inputs[0]!)) return;
  const output = node.outputs[0]!;
  const codes = editor.fresh(`${output}_codes`);
  editor.replace(
    node,
    codeClip(editor, source.codes, [zero, max], dtype, codes),
    dequantize(source, codes, output, {}),
  );
}

function dequantize(like: Quantization, codes: string, output: string, attributes: Node['attributes']): Node {
  const params = like.zeroPointName === '' ? [like.scaleName] : [like.scaleName, like.zeroPointName];
  return makeNode('DequantizeLinear', [codes, ...params], [output], attributes);
}

/**
 * Q(DQ(codes)) with the same parameters is `codes`, and Q(Clip(DQ(codes))) a Clip on codes: the nodes between are left
 * to their other readers.
 */
export function cancelPairs(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of eachNode(editor)) {
    const quantizer = quantizerOf(editor, node);
    const pair = quantizer && dequantizedSource(editor, node.inputs[0]!);
    if (!pair || !sameParams(pair.source.params, quantizer.params)) continue;
    const { dtype } = quantizer.params;
    const bounds = codeBounds(pair.bounds, quantizer.params);
    const { codes } = pair.source;
    if (!isFull(bounds, dtype)) editor.replace(node, codeClip(editor, codes, bounds, dtype, quantizer.codes));
    // Where both names must stay, of a graph's input and its output say, one is a copy of the other.
    else if (!bypass(editor, node, codes))
      editor.replace(node, makeNode('Identity', [codes], [quantizer.codes]));
  }
  return editor.finish();
}

/** Looks from a value back over clamps to a DequantizeLinear. */
function dequantizedSource(
  editor: GraphEditor,
  value: string,
): { source: Quantization<'int8' | 'uint8'>; bounds: Bounds } | undefined {
  let bounds = unbounded;
  for (let name = value; ; ) {
    const source = activationOf(editor, name);
    if (source) return { source, bounds };
    const clamp = editor.producer(name);
    const before = clampOf(editor, clamp);
    if (before === undefined) return undefined;
    bounds = composed(before, bounds);
    name = clamp!.inputs[0]!;
  }
}
