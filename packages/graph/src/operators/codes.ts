// What integer operators share: code types, zero points, and the accumulator's way out.
import {
  type AccumulatorOutput,
  type CodeType,
  dtypes,
  factorTensors,
  HalftoneError,
  isFixedMode,
  type PerChannel,
  requantizeFactors,
  type RequantizeFactors,
  type RequantizeMode,
  sizeOf,
  type Tensor,
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

/** Throws HT_UNSUPPORTED where a zero point of an activation is a list: integer ops have one for each tensor. */
export function requireScalars(
  node: Node,
  lowering: Lowering,
  ...names: readonly (string | undefined)[]
): void {
  for (const name of names) {
    if (name === undefined || name === '') continue;
    const count = sizeOf(lowering.shape(name));
    if (count !== 1) throw lowering.refusal(node, `${name} has ${count} elements; an activation has one`);
  }
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

/** What a requantization multiplies with: the operands `multiplier` and, in fixed point, `shift`. */
export interface Factors {
  readonly operands: Readonly<Record<string, Value>>;
  readonly perChannel: PerChannel;
}

/** Emits the factors of the session's mode: `count` of them, from scales that are known now or at run time. */
export function factorsOf(
  lowering: Lowering,
  count: number,
  scales: readonly Value[],
  compute: (mode: RequantizeMode, ...scales: Tensor[]) => RequantizeFactors,
): Factors {
  const mode = lowering.modes.requantize;
  const operand = (name: 'multiplier' | 'shift', dtype: 'float32' | 'int32'): Value =>
    lowering.host(
      name,
      dtype,
      [count],
      scales,
      (...values) => factorTensors(compute(mode, ...values))[name]!,
    );
  const operands = isFixedMode(mode)
    ? { multiplier: operand('multiplier', 'int32'), shift: operand('shift', 'int32') }
    : { multiplier: operand('multiplier', 'float32') };
  return { operands, perChannel: count === 1 ? 'per-tensor' : 'per-channel' };
}

/** Codes in the session's mode, with as many multipliers as there are factors. */
export function accumulatorOutput(
  lowering: Lowering,
  dtype: CodeType,
  factors: Factors,
  clamp: { readonly clamp?: readonly [number, number] },
): AccumulatorOutput {
  const mode = lowering.modes.requantize;
  return { type: 'codes', dtype, mode, multiplier: factors.perChannel, ...clamp };
}

/** The scales of an operator's multiplier as numbers: the first two multiplied, divided by the third. */
export function productFactors(mode: RequantizeMode, a: Tensor, b: Tensor, y: Tensor): RequantizeFactors {
  return requantizeFactors(mode, a.data[0] as number, b.data as Float32Array, y.data[0] as number);
}

/** The accumulator scaled to floats. */
export function floatOutput(multiplier: Value): AccumulatorOutput {
  return { type: 'float32', multiplier: perChannel(multiplier) };
}

function perChannel(value: Value): PerChannel {
  return sizeOf(value.shape) === 1 ? 'per-tensor' : 'per-channel';
}
