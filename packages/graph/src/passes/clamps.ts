// Relu and Clip in front of QuantizeLinear. Quantization is monotonic, so quantize(clamp(x)) = clamp(quantize(x)) with
// the bounds quantized too: exact, for every x.
import { type CodeType, codeRange, quantizeArray, type QuantParams } from '@halftone/core';
import type { GraphEditor } from '../edit.ts';
import type { Node } from '../ir.ts';
import { floatConstant, isOp } from './match.ts';
import { type Quantization, quantizerOf } from './qparams.ts';

/** min(max(x, lo), hi). */
export type Bounds = readonly [lo: number, hi: number];

export const unbounded: Bounds = [-Infinity, Infinity];

/** Bounds of a Relu or of a Clip with constant float32 bounds. */
export function clampOf(editor: GraphEditor, node: Node | undefined): Bounds | undefined {
  if (isOp(node, 'Relu')) return [0, Infinity];
  if (!isOp(node, 'Clip') || 'min' in node.attributes || 'max' in node.attributes) return undefined;
  const [lo, hi] = [bound(editor, node.inputs[1], -Infinity), bound(editor, node.inputs[2], Infinity)];
  return lo === undefined || hi === undefined ? undefined : [lo, hi];
}

/** One clamp after another, as one. */
export function composed(first: Bounds, second: Bounds): Bounds {
  const clamp = (v: number): number => Math.min(Math.max(v, second[0]), second[1]);
  return [clamp(first[0]), clamp(first[1])];
}

/** Codes of both bounds. */
export function codeBounds(bounds: Bounds, params: QuantParams<CodeType>): readonly [lo: number, hi: number] {
  const codes = params.dtype === 'int8' ? new Int8Array(2) : new Uint8Array(2);
  quantizeArray(Float32Array.of(...bounds), params, codes);
  return [codes[0]!, codes[1]!];
}

/** True where saturation alone gives codes within the bounds. */
export function isFull([lo, hi]: readonly [lo: number, hi: number], dtype: CodeType): boolean {
  const [min, max] = codeRange(dtype);
  return lo <= min && hi >= max;
}

/** What quantizes a value that nothing else reads: clamps, then QuantizeLinear. */
export interface QuantizedResult {
  readonly quantizer: Quantization<CodeType>;
  readonly clamps: readonly Node[];
  /** Codes that the clamps leave. */
  readonly bounds: readonly [lo: number, hi: number];
}

/** Follows the only reader of `value` over clamps to a QuantizeLinear with constant parameters. */
export function quantizedResult(editor: GraphEditor, value: string): QuantizedResult | undefined {
  const clamps: Node[] = [];
  let bounds = unbounded;
  for (let name = value; ; ) {
    const reader = editor.soleConsumer(name);
    if (reader === undefined || reader.inputs[0] !== name) return undefined;
    const quantizer = quantizerOf(editor, reader);
    if (quantizer) return { quantizer, clamps, bounds: codeBounds(bounds, quantizer.params) };
    const clamp = clampOf(editor, reader);
    if (clamp === undefined) return undefined;
    clamps.push(reader);
    bounds = composed(bounds, clamp);
    name = reader.outputs[0]!;
  }
}

function bound(editor: GraphEditor, name: string | undefined, fallback: number): number | undefined {
  if (name === undefined || name === '') return fallback;
  const value = floatConstant(editor, name)?.data;
  return value?.length === 1 && !Number.isNaN(value[0]) ? value[0] : undefined;
}
