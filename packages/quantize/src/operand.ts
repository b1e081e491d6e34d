import { type CodeType, type QuantParams, quantizeArray, type Tensor, zeros } from '@halftone/core';

/** A float constant as codes of given parameters, as QuantizeLinear would make them. */
export function quantizeOperand(x: Tensor<'float32'>, params: QuantParams<CodeType>): Tensor<CodeType> {
  const codes = zeros(params.dtype, x.shape);
  quantizeArray(x.data, params, codes.data);
  return codes;
}
