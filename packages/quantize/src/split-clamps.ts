import { type Graph, GraphEditor, makeNode, type Node } from '@halftone/graph';

/**
 * Puts QuantizeLinear and DequantizeLinear also before each Relu and Clip that stands between a quantized node and its
 * QuantizeLinear, with the parameters of the latter: ONNX's integer operators have no clamp of their own. Exact, for
 * rounding keeps order: quantize(clamp(dequantize(quantize(x)))) = quantize(clamp(x)).
 */
export function splitClamps(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const clamp of editor.nodes()) {
    const value = clamp.inputs[0] ?? '';
    if (!isOp(clamp, 'Relu', 'Clip') || editor.soleConsumer(value) !== clamp) continue;
    const quantizer = editor.soleConsumer(clamp.outputs[0] as string);
    const before = editor.producer(value)?.inputs[0] ?? '';
    if (!isOp(quantizer, 'QuantizeLinear') || !isOp(editor.producer(before), 'DequantizeLinear')) continue;
    const params = quantizer.inputs.slice(1);
    const codes = editor.fresh(`${value}_quantized`);
    const real = editor.fresh(`${value}_dequantized`);
    const { origin: _, ...rest } = clamp;
    editor.replace(
      clamp,
      makeNode('QuantizeLinear', [value, ...params], [codes], {}, { name: `${value}_QuantizeLinear` }),
      makeNode('DequantizeLinear', [codes, ...params], [real], {}, { name: `${value}_DequantizeLinear` }),
      { ...rest, inputs: [real, ...clamp.inputs.slice(1)] },
    );
  }
  return editor.finish();
}

function isOp(node: Node | undefined, ...ops: readonly string[]): node is Node {
  return node !== undefined && !node.opaque && node.domain === '' && ops.includes(node.op);
}
