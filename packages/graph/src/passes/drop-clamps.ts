import { GraphEditor } from '../edit.ts';
import type { Graph } from '../ir.ts';
import { clampOf, codeBounds, isFull } from './clamps.ts';
import { isLive } from './match.ts';
import { quantizerOf } from './qparams.ts';

/**
 * Removes each Relu and Clip (constant bounds) that only a QuantizeLinear reads, where the saturation of the codes gives
 * the same result: the lower bound quantizes to the lowest code, the upper one to the highest. Per tensor, constant
 * scale and zero point.
 */
export function dropRedundantClamps(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  // Backwards, so that of several clamps in a row each finds the QuantizeLinear next to it.
  for (const node of editor.nodes().reverse()) {
    if (!isLive(editor, node)) continue;
    const bounds = clampOf(editor, node);
    if (bounds === undefined) continue;
    const output = node.outputs[0]!;
    const quantizer = quantizerOf(editor, editor.soleConsumer(output));
    if (quantizer === undefined || quantizer.node.inputs[0] !== output) continue;
    if (isFull(codeBounds(bounds, quantizer.params), quantizer.params.dtype)) {
      editor.redirect(output, node.inputs[0]!);
      editor.remove(node);
    }
  }
  return editor.finish();
}
