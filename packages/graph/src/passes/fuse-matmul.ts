import { floatAttr, intAttr } from '../attributes.ts';
import type { GraphEditor } from '../edit.ts';
import { type Attribute, attribute, makeNode, type Node } from '../ir.ts';
import { MICROSOFT } from '../operators/domains.ts';
import { quantizedResult } from './clamps.ts';
import { type FuseOptions, integerBias, paramNames, replaceByInteger, typesAllowed } from './fusion.ts';
import { rankOf } from './match.ts';
import { activationOf, weightsOf } from './qparams.ts';

/**
 * DQ(a), DQ(b) [, DQ(bias)] -> Gemm [-> Relu, Clip] -> Q becomes QGemm [-> Clip on codes]; without the Q, the QGemm
 * whose result is float. Gemms with transA, alpha, or a beta of other values than the defaults stay.
 */
export function fuseGemm(editor: GraphEditor, node: Node, options: FuseOptions): void {
  const a = activationOf(editor, node.inputs[0]);
  const b = weightsOf(editor, node.inputs[1]);
  const shape = b && editor.constants.get(b.codes)?.shape;
  if (!a || !b || shape?.length !== 2) return;
  const transB = intAttr(node, 'transB', 0);
  if (floatAttr(node, 'alpha', 1) !== 1 || intAttr(node, 'transA', 0) !== 0) return;
  if (node.inputs[2] && floatAttr(node, 'beta', 1) !== 1) return;
  const columns = transB === 0 ? 1 : 0;
  if (b.params.axis !== undefined && b.params.axis !== columns) return;
  const result = quantizedResult(editor, node.outputs[0]!);
  if (!typesAllowed(a.params.dtype, b.params.dtype, result?.quantizer.params.dtype, options)) return;
  const bias = integerBias(editor, node.inputs[2], shape[columns]!, a, b, options);
  if (bias === undefined) return;
  const inputs = [a.codes, ...paramNames(editor, a), b.codes, ...paramNames(editor, b)];
  const attributes: Record<string, Attribute> = transB === 0 ? {} : { transB: attribute.int(1) };
  const make = (more: readonly string[], output: string): Node =>
    makeNode('QGemm', [...inputs, ...more], [output], attributes, { name: node.name, domain: MICROSOFT });
  if (result)
    replaceByInteger(editor, node, result, (output) =>
      make([bias, ...paramNames(editor, result.quantizer)], output),
    );
  else editor.replace(node, make(bias === '' ? [] : [bias], node.outputs[0]!));
}

/** DQ(a), DQ(b) -> MatMul [-> Relu, Clip] -> Q becomes QLinearMatMul [-> Clip on codes]; without the Q, MatMulIntegerToFloat. */
export function fuseMatmul(editor: GraphEditor, node: Node, options: FuseOptions): void {
  const a = activationOf(editor, node.inputs[0]);
  const b = weightsOf(editor, node.inputs[1]);
  if (!a || !b || rankOf(editor, a.codes) === 1 || rankOf(editor, b.codes) === 1) return;
  // One scale for each column is a vector only where B is one matrix.
  const shape = editor.constants.get(b.codes)?.shape;
  if (b.params.axis !== undefined && (b.params.axis !== 1 || shape?.length !== 2)) return;
  const result = quantizedResult(editor, node.outputs[0]!);
  if (!typesAllowed(a.params.dtype, b.params.dtype, result?.quantizer.params.dtype, options)) return;
  const [aParams, bParams] = [paramNames(editor, a), paramNames(editor, b)];
  if (result) {
    const inputs = [a.codes, ...aParams, b.codes, ...bParams, ...paramNames(editor, result.quantizer)];
    replaceByInteger(editor, node, result, (output) =>
      makeNode('QLinearMatMul', inputs, [output], {}, { name: node.name }),
    );
    return;
  }
  const inputs = [a.codes, b.codes, aParams[0], bParams[0], aParams[1], bParams[1]];
  editor.replace(
    node,
    makeNode('MatMulIntegerToFloat', inputs, [node.outputs[0]!], {}, { name: node.name, domain: MICROSOFT }),
  );
}
