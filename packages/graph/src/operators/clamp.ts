// Relu and Clip behind an operator become its clamp, where nothing else reads what lies between.
import { type CodeType, codeRange } from '@halftone/core';
import type { Node } from '../ir.ts';
import type { Lowering } from '../lower/lowering.ts';

export interface Fused {
  readonly clamp: { readonly clamp?: readonly [lo: number, hi: number] };
  /** The value that the fused step computes. */
  readonly output: string;
}

/** Bounds of a float Relu or Clip; undefined for another node, or bounds that only run time knows. */
export function floatBounds(node: Node, lowering: Lowering): readonly [lo: number, hi: number] | undefined {
  if (node.domain !== '' || node.opaque) return undefined;
  if (node.op === 'Relu') return [0, Infinity];
  if (node.op !== 'Clip') return undefined;
  return constantBounds(node, lowering, -Infinity, Infinity);
}

function constantBounds(
  node: Node,
  lowering: Lowering,
  least: number,
  most: number,
): readonly [number, number] | undefined {
  const [, lo = '', hi = ''] = node.inputs;
  const low = lo === '' ? least : lowering.constantOf(lo)?.data[0];
  const high = hi === '' ? most : lowering.constantOf(hi)?.data[0];
  if (low === undefined || high === undefined) return undefined;
  // ONNX Clip gives the maximum where the bounds cross.
  return Number(low) <= Number(high) ? [Number(low), Number(high)] : [Number(high), Number(high)];
}

/** Absorbs a float Relu or Clip that alone reads the node's result. */
export function floatClampAfter(node: Node, lowering: Lowering): Fused {
  return absorb(node, lowering, (reader) => floatBounds(reader, lowering));
}

/** Bounds of a Clip on codes. */
export function codeBounds(
  node: Node,
  lowering: Lowering,
  dtype: CodeType,
): readonly [lo: number, hi: number] | undefined {
  if (node.op !== 'Clip' || node.domain !== '' || node.opaque) return undefined;
  return constantBounds(node, lowering, ...codeRange(dtype));
}

/** Absorbs a Clip on codes that alone reads the node's result. */
export function codeClampAfter(node: Node, lowering: Lowering, dtype: CodeType): Fused {
  return absorb(node, lowering, (reader) => codeBounds(reader, lowering, dtype));
}

function absorb(
  node: Node,
  lowering: Lowering,
  bounds: (reader: Node) => readonly [number, number] | undefined,
): Fused {
  const output = node.outputs[0]!;
  const reader = lowering.soleReader(output);
  const clamp = reader && reader.inputs[0] === output ? bounds(reader) : undefined;
  if (reader === undefined || clamp === undefined) return { clamp: {}, output };
  lowering.absorb(reader);
  return { clamp: { clamp }, output: reader.outputs[0]! };
}
