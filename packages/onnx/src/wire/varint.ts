/** A 64-bit integer: a number where it is exact, else a bigint. */
export type Int64 = number | bigint;

const two32 = 4294967296;

/** Value of the two halves (unsigned 32 bits each) as a signed 64-bit integer. */
export function signedOf(low: number, high: number): Int64 {
  const value = (high | 0) * two32 + low;
  if (Number.isSafeInteger(value)) return value;
  return (BigInt(high | 0) << 32n) | BigInt(low);
}

/** Value of the two halves (unsigned 32 bits each) as an unsigned 64-bit integer. */
export function unsignedOf(low: number, high: number): Int64 {
  const value = high * two32 + low;
  if (Number.isSafeInteger(value)) return value;
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Appends the varint of a non-negative number below 2^53. */
export function pushVarint(out: number[], value: number): void {
  let rest = value;
  while (rest >= 128) {
    out.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  out.push(rest);
}

/** Appends the varint of an integer; a negative one as its two's complement in 64 bits (ten bytes). */
export function pushInt64(out: number[], value: Int64): void {
  if (typeof value === 'number' && value >= 0) {
    pushVarint(out, value);
    return;
  }
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    out.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  out.push(Number(rest));
}

/** The halves of the varint that was read last, so that reading allocates nothing. */
export interface VarintHalves {
  low: number;
  high: number;
  /** Position after the varint; -1 where it does not end before `end`, -2 where it does not fit in 64 bits. */
  next: number;
}

/** Reads the varint at `at` into `into`. */
export function readVarint(bytes: Uint8Array, at: number, end: number, into: VarintHalves): void {
  let low = 0;
  let high = 0;
  let position = at;
  for (let shift = 0; shift < 70; shift += 7) {
    if (position >= end) {
      into.next = -1;
      return;
    }
    const byte = bytes[position++] as number;
    const bits = byte & 127;
    if (shift < 28) low |= bits << shift;
    else if (shift === 28) {
      low |= bits << 28;
      high |= bits >> 4;
    } else if (shift < 63) high |= bits << (shift - 32);
    else if (bits > 1) break;
    else high |= bits << 31;
    if (byte < 128) {
      into.low = low >>> 0;
      into.high = high >>> 0;
      into.next = position;
      return;
    }
  }
  into.next = -2;
}
