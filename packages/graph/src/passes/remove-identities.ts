import { GraphEditor } from '../edit.ts';
import type { Graph } from '../ir.ts';
import { bypass, eachNode, isOp, onlyFirstOutput } from './match.ts';

/**
 * Removes Identity, and Dropout as it is at inference. The graph's input and output names stay: a node between two of
 * them stays too.
 */
export function removeIdentities(graph: Graph): Graph {
  const editor = new GraphEditor(graph);
  for (const node of eachNode(editor)) {
    // A third input may switch Dropout to training.
    if (
      isOp(node, 'Identity') ||
      (isOp(node, 'Dropout') && !node.inputs[2] && onlyFirstOutput(editor, node))
    ) {
      bypass(editor, node, node.inputs[0]!);
    }
  }
  return editor.finish();
}
