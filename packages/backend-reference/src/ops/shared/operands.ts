import type { CodeArray, HostIO } from '@halftone/core';

/** Elements of an 8-bit tensor. */
export type Codes = Int8Array | Uint8Array;

/** The elements of an 8-bit operand or result. */
export function codes(io: HostIO, name: string): Codes {
  return io[name]!.data as Codes;
}

/** The elements of an operand or result of codes of any width. */
export function anyCodes(io: HostIO, name: string): CodeArray {
  return io[name]!.data as CodeArray;
}

/** The elements of an int32 operand or result. */
export function ints(io: HostIO, name: string): Int32Array {
  return io[name]!.data as Int32Array;
}

/** The elements of a float32 operand or result. */
export function floats(io: HostIO, name: string): Float32Array {
  return io[name]!.data as Float32Array;
}

/** The one element of a scalar operand. */
export function scalar(io: HostIO, name: string): number {
  return io[name]!.data[0] as number;
}

/** Element `i` of a list with one element for each channel, or with one for all. */
export function each(list: ArrayLike<number>, i: number): number {
  return list[list.length === 1 ? 0 : i]!;
}
