// Constant parameters of QuantizeLinear and DequantizeLinear nodes.
import type { CodeType, QuantParams } from '@halftone/core';
import { intAttr } from '../attributes.ts';
import type { GraphEditor } from '../edit.ts';
import type { ElementType, Node } from '../ir.ts';
import { constantTensor, floatConstant, isOp, rankOf } from './match.ts';

/** A QuantizeLinear or DequantizeLinear node whose scale and zero point are constants. */
export interface Quantization<D extends CodeType | 'int32' = CodeType | 'int32'> {
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

/** `dequantizerOf` for 8-bit codes. */
export function weightsOf(
  editor: GraphEditor,
  value: string | undefined,
): Quantization<CodeType> | undefined {
  return codesOf(dequantizerOf(editor, value));
}

/** Reads a QuantizeLinear to 8-bit codes. */
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

/** TensorProto.DataType of 8-bit codes; 0 is "not given". */
const codeTypes: Readonly<Record<number, CodeType>> = { 0: 'uint8', 2: 'uint8', 3: 'int8' };

function quantizedType(editor: GraphEditor, node: Node): ElementType | undefined {
  if (node.inputs[2]) return editor.constants.get(node.inputs[2])?.elementType;
  return codeTypes[intAttr(node, 'output_dtype', 0)];
}

function read(
  editor: GraphEditor,
  node: Node,
  codes: string,
  dtype: ElementType | undefined,
): Quantization | undefined {
  if (dtype !== 'int8' && dtype !== 'uint8' && dtype !== 'int32') return undefined;
  if (intAttr(node, 'block_size', 0) !== 0 || intAttr(node, 'precision', 0) > 1) return undefined;
  const [, scaleName, zeroPointName = ''] = node.inputs as [string, string, string?];
  const scale = floatConstant(editor, scaleName);
  const zeroPoint = zeroPointName === '' ? undefined : constantTensor(editor, zeroPointName);
  if (scale === undefined || scale.shape.length > 1 || !scale.data.every((s) => s > 0 && s < Infinity))
    return undefined;
  if (zeroPointName !== '' && (zeroPoint?.dtype !== dtype || zeroPoint.data.length !== scale.data.length))
    return undefined;
  const axis = axisOf(editor, node, scale.data.length);
  if (axis === false) return undefined;
  return {
    node,
    codes,
    params: {
      dtype,
      scale: scale.data,
      zeroPoint: zeroPoint && Int32Array.from(zeroPoint.data as Int8Array),
      axis,
    },
    scaleName,
    zeroPointName,
  };
}

/** The axis of several scales, counted from 0; undefined for one scale, false where the shape is not known to have it. */
function axisOf(editor: GraphEditor, node: Node, scales: number): number | undefined | false {
  if (scales === 1) return undefined;
  const shape = editor.constants.get(node.inputs[0]!)?.shape;
  const rank = shape?.length ?? rankOf(editor, node.inputs[0]!);
  if (rank === undefined) return false;
  const given = intAttr(node, 'axis', 1);
  const axis = given < 0 ? given + rank : given;
  return axis >= 0 && axis < rank && (shape === undefined || shape[axis] === scales) ? axis : false;
}

function codesOf(found: Quantization | undefined): Quantization<CodeType> | undefined {
  return found !== undefined && found.params.dtype !== 'int32'
    ? (found as Quantization<CodeType>)
    : undefined;
}

function same(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.from(a).every((v, i) => v === b[i]);
}
