// What the fusions of `fuseQdq` share.
import { type CodeType, dtypes, roundHalfEven, sameShape, type Tensor, tensor } from '@halftone/core';
import type { GraphEditor } from '../edit.ts';
import { constantOf, makeNode, type Node } from '../ir.ts';
import { isFull, type QuantizedResult } from './clamps.ts';
import { constantTensor, floatConstant } from './match.ts';
import { dequantizerOf, type Quantization, zeroPoints } from './qparams.ts';

/** Choices of `fuseQdq`. */
export interface FuseOptions {
  /**
   * Only forms that ONNX Runtime's CPU kernels load, for models that are written to files: activations of one type on
   * both sides, int8 weights with int8 activations, one zero point for all channels of a convolution's weights.
   */
  readonly portable?: boolean | undefined;
  /** Quantize biases that are float, or int32 with another scale than `sx * sw`; without it such nodes stay float. */
  readonly quantizeBias?: boolean | undefined;
}

/** True where an integer product of these types may be made. */
export function typesAllowed(
  x: CodeType,
  weights: CodeType,
  y: CodeType | undefined,
  options: FuseOptions,
): boolean {
  return options.portable !== true || ((x === 'uint8' || weights === 'int8') && (y === undefined || y === x));
}

/** True where all zero points are the same. */
export function oneZeroPoint(found: Quantization): boolean {
  const zeros = zeroPoints(found.params);
  return zeros.every((zero) => zero === zeros[0]);
}

/** Replaces a float node and what quantizes it by the integer node that `make` gives for the output's name. */
export function replaceByInteger(
  editor: GraphEditor,
  node: Node,
  result: QuantizedResult,
  make: (output: string) => Node,
): void {
  const { quantizer, clamps, bounds } = result;
  const { dtype } = quantizer.params;
  for (const old of [node, ...clamps, quantizer.node]) editor.remove(old);
  if (isFull(bounds, dtype)) {
    editor.add(make(quantizer.codes));
    return;
  }
  const raw = editor.fresh(`${quantizer.codes}_unclamped`);
  editor.add(make(raw));
  editor.add(codeClip(editor, raw, bounds, dtype, quantizer.codes));
}

/** ONNX Clip on codes. */
export function codeClip(
  editor: GraphEditor,
  from: string,
  bounds: readonly [lo: number, hi: number],
  dtype: CodeType,
  to: string,
): Node {
  const [lo, hi] = bounds.map((code) =>
    sharedConstant(editor, `${dtype}_code_${code}`, tensor(dtype, [code], [])),
  ) as [string, string];
  return makeNode('Clip', [from, lo, hi], [to]);
}

/** The name of a zero point, one for each scale; a node without one means zeros. */
function zeroPointName(editor: GraphEditor, found: Quantization<CodeType>): string {
  if (found.zeroPointName !== '') return found.zeroPointName;
  const { dtype, scale } = found.params;
  const shape = editor.constants.get(found.scaleName)!.shape;
  const suffix = shape.length === 0 ? '' : `_${scale.length}`;
  return sharedConstant(
    editor,
    `${dtype}_zero_point${suffix}`,
    tensor(dtype, new Array<number>(scale.length).fill(0), shape),
  );
}

/** Scale and zero point, in the order in which quantized operators take them. */
export function paramNames(
  editor: GraphEditor,
  found: Quantization<CodeType>,
): [scale: string, zeroPoint: string] {
  return [found.scaleName, zeroPointName(editor, found)];
}

function sharedConstant(editor: GraphEditor, name: string, value: Tensor): string {
  const known = constantTensor(editor, name);
  const same =
    known?.dtype === value.dtype &&
    sameShape(known.shape, value.shape) &&
    known.data.every((v, i) => v === value.data[i]);
  return same ? name : editor.addConstant(constantOf(editor.fresh(name), value));
}

/** Exporters round `sx * sw` in their own order; a step that is off by no more than this is the same step. */
const SAME_STEP = 1e-6;

/**
 * The int32 bias that a product of `x` and `weights` adds: its name, '' for none, or undefined where the graph's bias is
 * no such bias and may not be made one. Its step is `sx * sw` in float32, as QLinearConv and QGemm take it.
 */
export function integerBias(
  editor: GraphEditor,
  name: string | undefined,
  channels: number,
  x: Quantization,
  weights: Quantization,
  options: FuseOptions,
): string | undefined {
  if (name === undefined || name === '') return '';
  const bias = readBias(editor, name, channels);
  if (bias === undefined) return undefined;
  const scales = weights.params.scale;
  const step = (c: number): number => Math.fround(x.params.scale[0]! * scales[scales.length === 1 ? 0 : c]!);
  const fits = (tolerance: number): boolean =>
    bias.steps?.every((s, c) => Math.abs(s - step(c)) <= tolerance * step(c)) ?? false;
  if (fits(0) && bias.codes !== undefined) return bias.codes;
  if (!options.quantizeBias && !fits(SAME_STEP)) return undefined;
  const codes = bias.reals.map((b, c) => roundHalfEven(b / step(c)));
  const [min, max] = dtypes.int32.range!;
  if (!codes.every((code) => code >= min && code <= max)) return undefined;
  return editor.addConstant(constantOf(editor.fresh(`${name}_int32`), tensor('int32', [...codes])));
}

interface Bias {
  readonly reals: Float64Array;
  /** Steps of its int32 codes, one a channel; undefined where it has none, or a zero point. */
  readonly steps: Float64Array | undefined;
  /** The codes as they stand, where they are a vector. */
  readonly codes: string | undefined;
}

function readBias(editor: GraphEditor, name: string, channels: number): Bias | undefined {
  const float = floatConstant(editor, name);
  if (float)
    return isRow(float.shape, channels)
      ? { reals: Float64Array.from(float.data), steps: undefined, codes: undefined }
      : undefined;
  const found = dequantizerOf(editor, name);
  const codes = found && constantTensor(editor, found.codes);
  if (found === undefined || codes === undefined || !isRow(codes.shape, channels)) return undefined;
  if (found.params.block !== undefined) return undefined;
  const { scale, dtype } = found.params;
  const zeros = zeroPoints(found.params);
  const at = (list: ArrayLike<number>, c: number): number => list[list.length === 1 ? 0 : c]!;
  const reals = Float64Array.from(
    codes.data as Int32Array,
    (code, c) => (code - at(zeros, c)) * at(scale, c),
  );
  const plain = dtype === 'int32' && zeros.every((zero) => zero === 0);
  return {
    reals,
    steps: plain ? Float64Array.from(reals, (_, c) => at(scale, c)) : undefined,
    codes: plain && codes.shape.length === 1 ? found.codes : undefined,
  };
}

/** True for [n] and [1, n]. */
function isRow(shape: readonly number[], n: number): boolean {
  return (
    shape.length >= 1 &&
    shape.length <= 2 &&
    shape[shape.length - 1] === n &&
    (shape.length === 1 || shape[0] === 1)
  );
}
