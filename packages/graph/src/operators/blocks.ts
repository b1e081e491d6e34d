// Attributes of QuantizeLinear and DequantizeLinear that executors and passes read alike.
import type { AnyCodeType } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { Node } from '../ir.ts';

/** TensorProto.DataType of the code types; 0 is "not given". */
const codeTypes: Readonly<Record<number, AnyCodeType>> = {
  0: 'uint8',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  21: 'uint4',
  22: 'int4',
  25: 'uint2',
  26: 'int2',
};

/** The type that a QuantizeLinear without zero point makes; undefined for one without codes. */
export function codeTypeOf(node: Node): AnyCodeType | undefined {
  return codeTypes[intAttr(node, 'output_dtype', 0)];
}

/** Shape of the scales of blocks along an axis. */
export function blockedShape(shape: readonly number[], axis: number, block: number): readonly number[] {
  return shape.with(axis, Math.ceil(shape[axis]! / block));
}
