import type { GraphEditor } from '../edit.ts';
import { makeNode, type Node } from '../ir.ts';
import { quantizedResult } from './clamps.ts';
import {
  type FuseOptions,
  integerBias,
  oneZeroPoint,
  paramNames,
  replaceByInteger,
  typesAllowed,
} from './fusion.ts';
import { activationOf, weightsOf } from './qparams.ts';

/** DQ(x), DQ(w) [, DQ(bias)] -> Conv [-> Relu, Clip] -> Q becomes QLinearConv [-> Clip on codes]. */
export function fuseConv(editor: GraphEditor, node: Node, options: FuseOptions): void {
  const x = activationOf(editor, node.inputs[0]);
  const weights = weightsOf(editor, node.inputs[1]);
  const shape = weights && editor.constants.get(weights.codes)?.shape;
  const result = quantizedResult(editor, node.outputs[0]!);
  if (!x || !weights || !shape || !result) return;
  if (weights.params.axis !== undefined && weights.params.axis !== 0) return;
  if (!typesAllowed(x.params.dtype, weights.params.dtype, result.quantizer.params.dtype, options)) return;
  if (options.portable && !oneZeroPoint(weights)) return;
  const bias = integerBias(editor, node.inputs[2], shape[0]!, x, weights, options);
  if (bias === undefined) return;
  const inputs = [
    x.codes,
    ...paramNames(editor, x),
    weights.codes,
    ...paramNames(editor, weights),
    ...paramNames(editor, result.quantizer),
    ...(bias === '' ? [] : [bias]),
  ];
  replaceByInteger(editor, node, result, (output) =>
    makeNode('QLinearConv', inputs, [output], node.attributes, { name: node.name }),
  );
}
