// Conv + Add of a constant for each channel -> Conv with bias; likewise Sub, Mul, Div; MatMul + Add of a row -> Gemm
import { tensor } from '@halftone/core';
import { GraphEditor } from '../edit.ts';
import { constantOf, type Graph, makeNode, type Node } from '../ir.ts';
import { absorb, type Affine, perChannel } from './affine.ts';
import { type Budget, budgetFor } from '../lower/budget.ts';
import { eachNode, floatConstant, isOp, rankOf } from './match.ts';

/**
 * Folds Add, Sub, Mul and Div by constants that are one number for each channel into the Conv, ConvTranspose or Gemm
 * before them, where nothing else reads that node; MatMul of a matrix with constant weights takes an added row as a Gemm.
 * Computed in float64, stored as float32.
 */
export function foldAffine(graph: Graph, budget: Budget = budgetFor(graph)): Graph {
  const editor = new GraphEditor(graph);
  for (const node of eachNode(editor)) {
    if (!isOp(node, 'Add', 'Sub', 'Mul', 'Div')) continue;
    for (const [data, operand] of operands(node)) {
      const done =
        foldMatmulAdd(editor, node, data, operand) ||
        absorb(editor, node, data, budget, (channels) => affineOf(editor, node, data, operand, channels));
      if (done) break;
    }
  }
  return editor.finish();
}

/** Which inputs may be the data and which the constant. */
function operands(node: Node): readonly (readonly [data: string, operand: string])[] {
  const [a, b] = node.inputs as [string, string];
  return node.op === 'Add' || node.op === 'Mul'
    ? [
        [a, b],
        [b, a],
      ]
    : [[a, b]];
}

function affineOf(
  editor: GraphEditor,
  node: Node,
  data: string,
  operand: string,
  channels: number,
): Affine | undefined {
  const constant = floatConstant(editor, operand);
  const source = editor.producer(data)!;
  const rank = isOp(source, 'Gemm') ? 2 : editor.constants.get(source.inputs[1]!)!.shape.length;
  const values = constant && perChannel(constant, channels, rank, 'second');
  if (values === undefined) return undefined;
  const one = [1];
  switch (node.op) {
    case 'Add':
      return { factor: one, bias: (b, c) => b + values[c]! };
    case 'Sub':
      return { factor: one, bias: (b, c) => b - values[c]! };
    case 'Mul':
      return finite({ factor: values, bias: (b, c) => b * values[c]! });
    default:
      return finite({ factor: Float64Array.from(values, (v) => 1 / v), bias: (b, c) => b / values[c]! });
  }
}

function finite(affine: Affine): Affine | undefined {
  return Array.from(affine.factor).every(Number.isFinite) ? affine : undefined;
}

function foldMatmulAdd(editor: GraphEditor, node: Node, data: string, operand: string): boolean {
  const product = editor.producer(data);
  if (node.op !== 'Add' || !isOp(product, 'MatMul') || editor.soleConsumer(data) !== node) return false;
  const [a, b] = product.inputs as [string, string];
  const shape = floatConstant(editor, b)?.shape;
  const row = floatConstant(editor, operand);
  if (shape?.length !== 2 || row === undefined || rankOf(editor, a) !== 2) return false;
  const bias = perChannel(row, shape[1]!, 2, 'last');
  if (bias === undefined) return false;
  const asIs = row.shape.length === 1 && row.data === bias;
  const name = asIs
    ? operand
    : editor.addConstant(constantOf(editor.fresh(operand), tensor('float32', bias)));
  editor.remove(product);
  editor.replace(node, makeNode('Gemm', [a, b, name], [node.outputs[0]!], {}, { name: product.name }));
  return true;
}
