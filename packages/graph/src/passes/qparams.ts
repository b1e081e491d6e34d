// Constant parameters of QuantizeLinear and DequantizeLinear nodes.
import {
  type AnyCodeType,
  type CodeType,
  isCodeType,
  type QuantParams,
  sameShape,
  sizeOf,
} from '@halftone/core';
import { blockedShape, codeTypeOf } from '../operators/blocks.ts';
import { intAttr } from '../attributes.ts';
import type { GraphEditor } from '../edit.ts';
import type { ElementType, Node } from '../ir.ts';
import { constantCodes, floatConstant, isOp, rankOf } from './match.ts';

/** A QuantizeLinear or DequantizeLinear node whose scale and zero point are constants. */
export interface Quantization<D extends AnyCodeType | 'int32' = AnyCodeType | 'int32'> {
  readonly node: Node;
  /** The value on the side of the codes. */
  readonly codes: string;
  readonly params: QuantParams<D>;
  readonly scaleName: string;
  /** '' where the node has none. */
  readonly zeroPointName: string;
}

/** The DequantizeLinear that makes `value`. */
export function dequantizerOf(editor: GraphEditor, value: string | undefined): Quantization | undefined {
  const node = value === undefined || value === '' ? undefined : editor.producer(value);
  if (!isOp(node, 'DequantizeLinear')) return undefined;
  const codes = node.inputs[0]!;
  const type = editor.constants.get(node.inputs[2] ?? '')?.elementType;
  const ofCodes = editor.constants.get(codes)?.elementType;
  // ONNX has one type for both; a file that says otherwise has no meaning to act on
  if (type !== undefined && ofCodes !== undefined && type !== ofCodes) return undefined;
  return read(editor, node, codes, type ?? elementTypeOf(editor, codes));
}

/** `dequantizerOf` for 8-bit codes with one scale. */
export function activationOf(
  editor: GraphEditor,
  value: string | undefined,
): Quantization<CodeType> | undefined {
  const found = codesOf(dequantizerOf(editor, value));
  return found?.params.axis === undefined ? found : undefined;
}

/** `dequantizerOf` for 8-bit codes with one scale, or one for each index of an axis. */
export function weightsOf(
  editor: GraphEditor,
  value: string | undefined,
): Quantization<CodeType> | undefined {
  return codesOf(dequantizerOf(editor, value));
}

/** Reads a QuantizeLinear to 8-bit codes; with scales as `weightsOf`. */
export function readQuantizer(editor: GraphEditor, node: Node): Quantization<CodeType> | undefined {
  return codesOf(read(editor, node, node.outputs[0]!, quantizedType(editor, node)));
}

/** Reads a QuantizeLinear to 8-bit codes with one scale. */
export function quantizerOf(editor: GraphEditor, node: Node | undefined): Quantization<CodeType> | undefined {
  const found = isOp(node, 'QuantizeLinear') ? readQuantizer(editor, node) : undefined;
  return found?.params.axis === undefined ? found : undefined;
}

/** True where both have the same codes for the same reals; per tensor. */
export function sameParams(a: QuantParams, b: QuantParams): boolean {
  return (
    a.dtype === b.dtype && a.axis === b.axis && same(a.scale, b.scale) && same(zeroPoints(a), zeroPoints(b))
  );
}

/** Zero points, one for each scale, also where the parameters have none. */
export function zeroPoints(params: QuantParams): Int32Array {
  return params.zeroPoint ?? new Int32Array(params.scale.length);
}

/** Element type that a value is known to have. */
function elementTypeOf(editor: GraphEditor, value: string): ElementType | undefined {
  for (let name = value; ; ) {
    const info = editor.constants.get(name) ?? editor.input(name) ?? editor.values.get(name);
    if (info?.elementType !== undefined) return info.elementType;
    const node = editor.producer(name);
    if (node === undefined || node.opaque) return undefined;
    if (isOp(node, 'QuantizeLinear')) return quantizedType(editor, node);
    if (isOp(node, 'DynamicQuantizeLinear')) return 'uint8';
    const typeFrom = resultTypes[node.op] ?? (isOp(node, ...movers, 'Clip') ? 0 : undefined);
    const next = typeFrom === undefined ? '' : (node.inputs[typeFrom] ?? '');
    if (next === '') return undefined;
    name = next;
  }
}

/** Operators that move or choose elements and compute nothing, so that they may as well run on codes. */
export const movers: readonly string[] = [
  'Reshape',
  'Flatten',
  'Transpose',
  'Squeeze',
  'Unsqueeze',
  'MaxPool',
  'GlobalMaxPool',
  'Identity',
  'Concat',
  'Slice',
  'Expand',
  'Tile',
];

/** Integer operators, by the input that has the type of the result. */
const resultTypes: Readonly<Record<string, number>> = {
  QLinearConv: 7,
  QLinearMatMul: 7,
  QGemm: 8,
  QLinearAdd: 7,
  QLinearMul: 7,
  QLinearGlobalAveragePool: 4,
  QLinearAveragePool: 4,
};

function quantizedType(editor: GraphEditor, node: Node): ElementType | undefined {
  if (node.inputs[2]) return editor.constants.get(node.inputs[2])?.elementType;
  return codeTypeOf(node);
}

function read(
  editor: GraphEditor,
  node: Node,
  codes: string,
  dtype: ElementType | undefined,
): Quantization | undefined {
  if (dtype !== 'int32' && !isCodeType(dtype)) return undefined;
  if (intAttr(node, 'precision', 0) > 1) return undefined;
  const [, scaleName, zeroPointName = ''] = node.inputs as [string, string, string?];
  const scale = floatConstant(editor, scaleName);
  const zeroPoint = zeroPointName === '' ? undefined : constantCodes(editor, zeroPointName);
  if (scale === undefined || !scale.data.every((s) => s > 0 && s < Infinity)) return undefined;
  const typed = editor.constants.get(zeroPointName)?.elementType === dtype;
  if (zeroPointName !== '' && (!typed || zeroPoint?.data.length !== scale.data.length)) return undefined;
  const place = placeOf(editor, node, scale.shape);
  if (place === undefined) return undefined;
  return {
    node,
    codes,
    params: {
      dtype,
      scale: scale.data,
      zeroPoint: zeroPoint && Int32Array.from(zeroPoint.data as Int8Array),
      ...place,
    },
    scaleName,
    zeroPointName,
  };
}

interface Place {
  readonly axis: number | undefined;
  readonly block?: number;
}

/** Where scales of this shape stand; undefined where the shape of the codes is not known to fit. */
function placeOf(editor: GraphEditor, node: Node, scales: readonly number[]): Place | undefined {
  const block = intAttr(node, 'block_size', 0);
  const count = sizeOf(scales);
  if (block === 0 && count === 1) return scales.length <= 1 ? { axis: undefined } : undefined;
  const shape = editor.constants.get(node.inputs[0]!)?.shape;
  const rank = shape?.length ?? rankOf(editor, node.inputs[0]!);
  if (rank === undefined) return undefined;
  const given = intAttr(node, 'axis', 1);
  const axis = given < 0 ? given + rank : given;
  if (axis < 0 || axis >= rank) return undefined;
  if (block === 0)
    return scales.length === 1 && (shape === undefined || shape[axis] === count) ? { axis } : undefined;
  const fits = shape !== undefined && block > 0 && sameShape(scales, blockedShape(shape, axis, block));
  return fits ? { axis, block } : undefined;
}

/** The quantization, where codes are of 8 bits and no scale is of a block: what integer operators take. */
function codesOf(found: Quantization | undefined): Quantization<CodeType> | undefined {
  if (found === undefined || found.params.block !== undefined) return undefined;
  const { dtype } = found.params;
  return dtype === 'int8' || dtype === 'uint8' ? (found as Quantization<CodeType>) : undefined;
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((v, i) => v === b[i]);
}
