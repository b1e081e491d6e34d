// A call is a struct in memory: its kernel, into how many parts its work is cut, then addresses of operands, and numbers.

@unmanaged
export class Call {
  /** A number of src/kinds.ts. */
  kind: i32;
  /** Parts may run at the same time, each in its own thread. */
  parts: i32;
}

/** Where a part begins, of `total` things that are cut into parts between multiples of `unit`; part `parts` begins at the end. */
export function startOf(total: i32, unit: i32, part: i32, parts: i32): i32 {
  const units = (total + unit - 1) / unit;
  return min(total, <i32>((<i64>units * part) / parts) * unit);
}

/** A tensor seen as [outer][channels][inner]; parameters belong to channels. */
@unmanaged
export class Elements extends Call {
  x: usize;
  y: usize;
  scale: usize;
  zero: usize;
  outer: i32;
  channels: i32;
  inner: i32;
  /** What codes are: 0 uint8, 1 int8, 2 int32. */
  codes: i32;
  lo: i32;
  hi: i32;
}

/** Bytes of a code. */
@inline
export function bytesOf(codes: i32): usize {
  return codes == 2 ? 4 : 1;
}
