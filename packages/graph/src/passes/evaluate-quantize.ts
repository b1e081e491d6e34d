// DequantizeLinear and QuantizeLinear of constants, through core.
import { type CodeType, dequantizeTensor, quantizeArray, type Tensor, zeros } from '@halftone/core';
import type { GraphEditor } from '../edit.ts';
import type { Node } from '../ir.ts';
import { constantCodes, floatConstant } from './match.ts';
import { dequantizerOf, readQuantizer } from './qparams.ts';

/** The reals of a DequantizeLinear of constant codes. */
export function dequantize(editor: GraphEditor, node: Node): Tensor | undefined {
  const found = dequantizerOf(editor, node.outputs[0]);
  const codes = found && constantCodes(editor, found.codes);
  return codes && dequantizeTensor({ codes: codes as Tensor<CodeType>, params: found.params });
}

/** The codes of a QuantizeLinear of a constant. */
export function quantize(editor: GraphEditor, node: Node): Tensor | undefined {
  const x = floatConstant(editor, node.inputs[0]);
  const found = x && readQuantizer(editor, node);
  if (found === undefined) return undefined;
  const codes = zeros(found.params.dtype, x!.shape);
  quantizeArray(x!.data, found.params, codes.data, { shape: x!.shape });
  return codes;
}
