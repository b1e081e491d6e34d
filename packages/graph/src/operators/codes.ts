// What integer operators share: code types, zero points, and the accumulator's way out.
import {
  type AccumulatorOutput,
  type CodeType,
  dtypes,
  HalftoneError,
  type PerChannel,
  sizeOf,
  tensor,
} from '@halftone/core';
import type { Node } from '../ir.ts';
import { type Lowering, scalar } from '../lower/lowering.ts';
import type { Value } from '../lower/program.ts';

/** The dtype of a value that must hold 8-bit codes. */
export function codeType(node: Node, lowering: Lowering, name: string): CodeType {
  const dtype = lowering.dtype(name);
  if (dtype !== 'int8' && dtype !== 'uint8')
    throw lowering.refusal(node, `${name} is ${dtype}; 8-bit codes are needed`);
  return dtype;
}

/** A scale operand. Throws HT_UNSUPPORTED for one that is no float32, or for another number of elements than one where not `many`. */
export function scaleOf(node: Node, lowering: Lowering, name: string | undefined, many = false): Value {
  const value = lowering.plain(name ?? '');
  const count = sizeOf(value.shape);
  if (value.dtype !== 'float32')
    throw lowering.refusal(node, `scale ${name} is ${value.dtype}; float32 is covered`);
  if (count === 0 || (count > 1 && !many))
    throw lowering.refusal(node, `scale ${name} has ${count} elements; one is covered`);
  return value;
}

export interface ZeroPoint {
  readonly value: Value;
  readonly perChannel: PerChannel;
}

/**
 * A zero point operand; zero where the node leaves it out. Equal ones of all channels become one.
 * Throws HT_DTYPE_MISMATCH for one of another type than its codes.
 */
export function zeroPointOf(lowering: Lowering, name: string | undefined, dtype: CodeType): ZeroPoint {
  if (name === undefined || name === '')
    return { value: lowering.constant(scalar(dtype, 0)), perChannel: 'per-tensor' };
  const value = lowering.plain(name);
  if (value.dtype !== dtype) {
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `zero point ${name} is ${value.dtype}, and its codes are ${dtype}; the two must be equal`,
      { value: name, expected: dtype, got: value.dtype },
    );
  }
  const elements = value.constant?.data as Int8Array | undefined;
  const first = elements?.[0];
  if (elements && first !== undefined && elements.every((zero) => zero === first)) {
    return {
      value: lowering.constant(
        tensor(dtype, new dtypes[dtype].Array(1).fill(first) as Int8Array & Uint8Array, [1]),
        name,
      ),
      perChannel: 'per-tensor',
    };
  }
  return { value, perChannel: perChannel(value) };
}

/** Codes by `ort-f32`, with as many multipliers as `multiplier` has. */
export function accumulatorOutput(
  dtype: CodeType,
  multiplier: Value,
  clamp: { readonly clamp?: readonly [number, number] },
): AccumulatorOutput {
  return { type: 'codes', dtype, mode: 'ort-f32', multiplier: perChannel(multiplier), ...clamp };
}

/** The accumulator scaled to floats. */
export function floatOutput(multiplier: Value): AccumulatorOutput {
  return { type: 'float32', multiplier: perChannel(multiplier) };
}

function perChannel(value: Value): PerChannel {
  return sizeOf(value.shape) === 1 ? 'per-tensor' : 'per-channel';
}
