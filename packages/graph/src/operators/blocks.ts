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

/** Weights of `blockGemm` in the layout of DequantizeLinear, by the names of the values that hold them. */
export interface BlockOrigin {
  readonly codes: string;
  readonly scale: string;
  /** '' without. */
  readonly zeroPoint: string;
  readonly type: BlockType;
  readonly block: number;
}

const blockTypes = ['int4', 'uint4', 'int8', 'uint8'] as const;
type BlockType = (typeof blockTypes)[number];

/** True for the lengths of blocks that products take. */
export function isBlock(block: number): boolean {
  return [16, 32, 64, 128, 256].includes(block);
}

/** The weights that a DequantizeLinear makes of constants, where a product takes them as they are: [K, N], blocks along K. */
export function blockOrigin(
  node: Node,
  constant: (name: string) => { readonly elementType: string; readonly shape: readonly number[] } | undefined,
): BlockOrigin | undefined {
  const [codes = '', scale = '', zeroPoint = ''] = node.inputs;
  const block = intAttr(node, 'block_size', 0);
  const axis = intAttr(node, 'axis', 1);
  const found = constant(codes);
  const type = blockTypes.find((name) => name === found?.elementType);
  const known =
    constant(scale)?.elementType === 'float32' && (zeroPoint === '' || constant(zeroPoint) !== undefined);
  if (!isBlock(block) || (axis !== 0 && axis !== -2) || found?.shape.length !== 2) return undefined;
  if (type === undefined || !known || intAttr(node, 'output_dtype', 0) > 1) return undefined;
  return { codes, scale, zeroPoint, type, block };
}
