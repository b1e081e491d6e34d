import { HalftoneError } from '@halftone/core';
import { type Int64, readVarint, signedOf, unsignedOf, type VarintHalves } from './varint.ts';

/** Kinds of numbers in a packed field. */
export type PackedKind = 'int32' | 'int64' | 'uint64' | 'float' | 'double';

/** A packed field as the file holds it: decoded by the functions below, and written back as it is. */
export class PackedNumbers {
  readonly kind: PackedKind;
  /** The elements' encodings, one after the other. */
  readonly bytes: Uint8Array;

  constructor(kind: PackedKind, bytes: Uint8Array) {
    this.kind = kind;
    this.bytes = bytes;
  }

  /** Number of elements. Allocates nothing: a varint ends at each byte below 128. */
  get length(): number {
    if (this.kind === 'float') return Math.floor(this.bytes.length / 4);
    if (this.kind === 'double') return Math.floor(this.bytes.length / 8);
    let count = 0;
    for (const byte of this.bytes) if (byte < 128) count += 1;
    return count;
  }
}

/** Lists of numbers that a packed field may be made of. */
export type NumberList =
  | readonly Int64[]
  | Float32Array
  | Float64Array
  | Int32Array
  | BigInt64Array
  | BigUint64Array
  | PackedNumbers;

/** Number of elements of a list; 0 for none. */
export function lengthOf(list: NumberList | undefined): number {
  return list === undefined ? 0 : list.length;
}

/** The elements as floats. */
export function toFloats(list: NumberList): Float32Array {
  if (list instanceof Float32Array) return list;
  if (!(list instanceof PackedNumbers)) return Float32Array.from(list as readonly number[]);
  const { bytes } = list;
  if (bytes.length % 4 !== 0) throw damaged('float', bytes.length);
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** The elements as 64-bit integers, each given to `put` with its index. */
export function eachInteger(list: NumberList, put: (value: Int64, index: number) => void): void {
  if (!(list instanceof PackedNumbers)) {
    for (let i = 0; i < list.length; i++) put(list[i] as Int64, i);
    return;
  }
  const { bytes, kind } = list;
  const halves: VarintHalves = { low: 0, high: 0, next: 0 };
  for (let at = 0, i = 0; at < bytes.length; i++) {
    readVarint(bytes, at, bytes.length, halves);
    if (halves.next < 0) throw damaged(kind, bytes.length);
    at = halves.next;
    if (kind === 'int32') put(halves.low | 0, i);
    else put(kind === 'uint64' ? unsignedOf(halves.low, halves.high) : signedOf(halves.low, halves.high), i);
  }
}

function damaged(kind: PackedKind, length: number): HalftoneError {
  return new HalftoneError(
    'HT_MODEL_INVALID',
    `a packed ${kind} field of ${length} bytes ends inside an element; the file is damaged`,
    {
      kind,
      length,
    },
  );
}
