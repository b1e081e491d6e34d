import type { Tensor } from '@halftone/core';
import { GraphEditor } from '../edit.ts';
import {
  type Constant,
  constantOf,
  type Graph,
  type Node,
  type SymbolicShape,
  type ValueInfo,
} from '../ir.ts';
import { type Budget, budgetFor, spend } from '../lower/budget.ts';
import { blockOrigin } from '../operators/blocks.ts';
import { foldNode } from '../lower/evaluate.ts';
import { dequantize, quantize } from './evaluate-quantize.ts';
import { constantNode } from './constant-node.ts';
import { constantTensor, eachNode, isOp } from './match.ts';

/** Choices of `foldConstants`. */
export interface FoldOptions {
  /** Also turn quantized constants into reals and back: weights that no integer operator took. */
  readonly dequantize?: boolean | undefined;
  /** Leave weights in blocks to the products that read them. */
  readonly keepBlocks?: boolean | undefined;
  /** Shapes that are known besides those that the graph states, by value; as `inferShapes` gives them. */
  readonly shapes?: ReadonlyMap<string, { readonly shape: SymbolicShape | undefined }> | undefined;
  /** What new constants may take; by default the graph's own. */
  readonly budget?: Budget | undefined;
}

const quantizers: readonly string[] = ['QuantizeLinear', 'DequantizeLinear'];

/**
 * Computes on the host what depends on constants alone: Constant, operators that move or convert elements, Shape of known
 * shapes, and arithmetic on small tensors. A node whose result is an output of the graph stays, and so does one that
 * needs a backend, or whose result is past the budget.
 */
export function foldConstants(graph: Graph, options: FoldOptions = {}): Graph {
  const editor = new GraphEditor(graph);
  const budget = options.budget ?? budgetFor(graph);
  for (const node of eachNode(editor)) {
    if (budget.bytes < 0) break;
    if (node.opaque || node.outputs.some((output) => output !== '' && editor.isOutput(output))) continue;
    const values = evaluate(editor, node, options);
    if (values === undefined || !spend(budget, newBytes(editor, node, values))) continue;
    editor.remove(node);
    for (const value of values) editor.addConstant(value);
  }
  return editor.finish();
}

/** What results take that do not share their elements with an input. */
function newBytes(editor: GraphEditor, node: Node, values: readonly Constant[]): number {
  const shared = (data: Tensor['data']): boolean =>
    node.inputs.some((name) => constantTensor(editor, name)?.data === data);
  return values.reduce((sum, value) => sum + (shared(value.tensor().data) ? 0 : value.byteLength), 0);
}

function evaluate(editor: GraphEditor, node: Node, options: FoldOptions): readonly Constant[] | undefined {
  const one = (value: Tensor | undefined): readonly Constant[] | undefined =>
    value && [constantOf(node.outputs[0]!, value)];
  if (isOp(node, 'Constant')) return one(constantNode(node));
  if (isOp(node, ...quantizers)) {
    if (!options.dequantize || (options.keepBlocks && isBlockWeight(editor, node))) return undefined;
    return one(node.op === 'QuantizeLinear' ? quantize(editor, node) : dequantize(editor, node));
  }
  return foldNode(node, {
    opset: editor.source.opset,
    constant: (name) => editor.constants.get(name),
    type: (name) => ({
      elementType: stated(editor, name)?.elementType,
      shape: knownShape(editor, name, options),
    }),
  });
}

/** True for a DequantizeLinear of weights that every reader may take as they are. */
function isBlockWeight(editor: GraphEditor, node: Node): boolean {
  const [output = ''] = node.outputs;
  return (
    node.op === 'DequantizeLinear' &&
    blockOrigin(node, (name) => editor.constants.get(name)) !== undefined &&
    editor
      .consumers(output)
      .every((reader) => isOp(reader, 'MatMul') && reader.inputs[0] !== output && reader.inputs[1] === output)
  );
}

/** What the graph says of a value that is no constant. */
function stated(editor: GraphEditor, name: string): ValueInfo | undefined {
  return editor.input(name) ?? editor.values.get(name);
}

/** What the file says of an inner value may hold a stale batch: it counts only where every input's shape is fixed. */
function knownShape(editor: GraphEditor, name: string, options: FoldOptions): readonly number[] | undefined {
  const fixed = editor.source.inputs.every((input) => isStatic(input.shape));
  const trusted = editor.isInput(name) || fixed ? stated(editor, name) : undefined;
  return [trusted?.shape, options.shapes?.get(name)?.shape].find(isStatic);
}

function isStatic(shape: SymbolicShape | undefined): shape is readonly number[] {
  return shape !== undefined && shape.every((extent) => typeof extent === 'number');
}
