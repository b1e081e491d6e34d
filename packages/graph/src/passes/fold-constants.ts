import type { Tensor } from '@halftone/core';
import { GraphEditor } from '../edit.ts';
import { constantOf, type Graph, type Node, type SymbolicShape } from '../ir.ts';
import { type Budget, budgetFor, spend } from './budget.ts';
import { arithmetic, cast } from './evaluate-arithmetic.ts';
import { dequantize, quantize } from './evaluate-quantize.ts';
import {
  concat,
  constantNode,
  type Evaluator,
  flatten,
  gather,
  reshape,
  shapeTensor,
  slice,
  squeeze,
  transpose,
  unsqueeze,
} from './evaluate-shape.ts';
import { constantTensor, eachNode, isOp } from './match.ts';

/** Choices of `foldConstants`. */
export interface FoldOptions {
  /** Also turn quantized constants into reals and back: weights that no integer operator took. */
  readonly dequantize?: boolean | undefined;
  /** Shapes that are known besides those that the graph states, by value; as `inferShapes` gives them. */
  readonly shapes?: ReadonlyMap<string, { readonly shape: SymbolicShape | undefined }> | undefined;
  /** What new constants may take; by default the graph's own. */
  readonly budget?: Budget | undefined;
}

const evaluators: Readonly<Record<string, Evaluator>> = {
  Identity: (_, [x]) => x,
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Gather: gather,
  Slice: slice,
  Cast: cast,
  Add: arithmetic,
  Sub: arithmetic,
  Mul: arithmetic,
  Div: arithmetic,
};

const quantizers: readonly string[] = ['QuantizeLinear', 'DequantizeLinear'];

/**
 * Computes on the host what depends on constants alone: Constant, operators that move elements, Cast, Shape of known
 * shapes, and arithmetic on small tensors. A node whose result is an output of the graph stays, and so does one that
 * core's types or the evaluators here do not cover, or whose result is past the budget.
 */
export function foldConstants(graph: Graph, options: FoldOptions = {}): Graph {
  const editor = new GraphEditor(graph);
  const budget = options.budget ?? budgetFor(graph);
  for (const node of eachNode(editor)) {
    const output = node.outputs[0] ?? '';
    if (node.opaque || output === '' || node.outputs.length !== 1 || editor.isOutput(output)) continue;
    // inputs are within the budget, so that one result past it is no more than a few times as large
    const value = budget.bytes >= 0 ? evaluate(editor, node, options) : undefined;
    if (value === undefined || !spend(budget, newBytes(editor, node, value))) continue;
    editor.remove(node);
    editor.addConstant(constantOf(output, value));
  }
  return editor.finish();
}

/** What a result takes that does not share its elements with an input. */
function newBytes(editor: GraphEditor, node: Node, value: Tensor): number {
  const shared = node.inputs.some((name) => constantTensor(editor, name)?.data === value.data);
  return shared ? 0 : value.data.byteLength;
}

function evaluate(editor: GraphEditor, node: Node, options: FoldOptions): ReturnType<Evaluator> {
  if (isOp(node, 'Constant')) return constantNode(node);
  if (isOp(node, 'Shape')) return shapeTensor(node, knownShape(editor, node.inputs[0]!, options));
  if (options.dequantize && isOp(node, ...quantizers))
    return node.op === 'QuantizeLinear' ? quantize(editor, node) : dequantize(editor, node);
  if (!isOp(node, ...Object.keys(evaluators))) return undefined;
  const inputs = node.inputs.map((name) => (name === '' ? undefined : constantTensor(editor, name)));
  if (inputs[0] === undefined || node.inputs.some((name, i) => name !== '' && inputs[i] === undefined))
    return undefined;
  return evaluators[node.op]!(node, inputs);
}

/** What the file says of an inner value may hold a stale batch: it counts only where every input's shape is fixed. */
function knownShape(editor: GraphEditor, name: string, options: FoldOptions): readonly number[] | undefined {
  const fixed = editor.source.inputs.every((input) => isStatic(input.shape));
  const stated =
    editor.constants.get(name) ?? editor.input(name) ?? (fixed ? editor.values.get(name) : undefined);
  return [stated?.shape, options.shapes?.get(name)?.shape].find(isStatic);
}

function isStatic(shape: SymbolicShape | undefined): shape is readonly number[] {
  return shape !== undefined && shape.every((extent) => typeof extent === 'number');
}
