// Add, Mul and pools of averages: operators that ONNX knows on reals only, and ONNX Runtime's domain on codes.
import { intAttr, intsAttr } from '../attributes.ts';
import type { GraphEditor } from '../edit.ts';
import { attribute, makeNode, type Node } from '../ir.ts';
import { MICROSOFT } from '../operators/domains.ts';
import { quantizedResult } from './clamps.ts';
import { paramNames, replaceByInteger } from './fusion.ts';
import { without } from './match.ts';
import { activationOf } from './qparams.ts';

/** DQ(a), DQ(b) -> Add or Mul [-> Relu, Clip] -> Q becomes the QLinear form [-> Clip on codes], where all three have one type. */
export function fuseBinary(editor: GraphEditor, node: Node): void {
  const a = activationOf(editor, node.inputs[0]);
  const b = activationOf(editor, node.inputs[1]);
  const result = quantizedResult(editor, node.outputs[0]!);
  if (!a || !b || !result) return;
  const { dtype } = result.quantizer.params;
  if (a.params.dtype !== dtype || b.params.dtype !== dtype) return;
  const inputs = [
    a.codes,
    ...paramNames(editor, a),
    b.codes,
    ...paramNames(editor, b),
    ...paramNames(editor, result.quantizer),
  ];
  replaceByInteger(editor, node, result, (output) =>
    makeNode(`QLinear${node.op}`, inputs, [output], {}, { name: node.name, domain: MICROSOFT }),
  );
}

/** DQ -> GlobalAveragePool or AveragePool [-> Relu, Clip] -> Q becomes the QLinear form, where both sides have one type. */
export function fuseAveragePool(editor: GraphEditor, node: Node): void {
  const x = activationOf(editor, node.inputs[0]);
  const result = quantizedResult(editor, node.outputs[0]!);
  if (!x || !result || x.params.dtype !== result.quantizer.params.dtype) return;
  if (intsAttr(node, 'dilations', []).some((step) => step !== 1)) return;
  // The two count the padding of a window that ceil_mode adds differently.
  if (intAttr(node, 'ceil_mode', 0) === 1 && intAttr(node, 'count_include_pad', 0) === 1) return;
  const inputs = [x.codes, ...paramNames(editor, x), ...paramNames(editor, result.quantizer)];
  const attributes = { ...without(node.attributes, 'dilations'), channels_last: attribute.int(0) };
  replaceByInteger(editor, node, result, (output) =>
    makeNode(`QLinear${node.op}`, inputs, [output], attributes, { name: node.name, domain: MICROSOFT }),
  );
}
