// d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = saturate(p * 2^-22 / sy, in the fixed mode) + zy
import { Call, startOf } from './call';
import { load8 } from './codes';
import { fixedMultiply } from './fixed-multiply';

/** Elements from which on each of the 256 distances is computed once. */
const MANY = 384;

@unmanaged
export class QSoftmax extends Call {
  x: usize;
  /** Int32 a distance of two codes. */
  table: usize;
  multiplier: usize;
  shift: usize;
  zeroPoint: usize;
  y: usize;
  /** A code a distance, for each part. */
  codes: usize;
  outer: i32;
  extent: i32;
  inner: i32;
  xSigned: i32;
  ySigned: i32;
  mode: i32;
}

/** The code of a distance. */
@inline
function codeOf(call: QSoftmax, distance: i32, sum: f64): i32 {
  // Both are integers below 2^53, and so is their quotient's floor exact. The sum with 2^52 has it in its low bits.
  const quotient = floor<f64>(<f64>load<i32>(call.table + (<usize>distance << 2)) * 4194304 / sum);
  const share = <i32>reinterpret<i64>(quotient + 4503599627370496);
  const signed = call.ySigned != 0, lowest = signed ? -128 : 0;
  const code = fixedMultiply(share, load<i32>(call.multiplier), load<i32>(call.shift), call.mode) + load8(call.zeroPoint, signed);
  return min(max(code, lowest), lowest + 255);
}

/** Parts have rows along the middle axis. */
export function qsoftmax(call: QSoftmax, part: i32): void {
  const apart = <usize>call.inner, bytes = <usize>call.extent * apart, signed = call.xSigned != 0;
  const codes = call.codes + (<usize>part << 8);
  const rows = call.outer * call.inner, last = startOf(rows, 1, part + 1, call.parts);
  for (let row = startOf(rows, 1, part, call.parts); row < last; row++) {
    const at = <usize>(row / call.inner) * bytes + <usize>(row % call.inner);
    const x = call.x + at, y = call.y + at;
    let most = -128;
    for (let e: usize = 0; e < bytes; e += apart) most = max(most, load8(x + e, signed));
    let total: i64 = 0;
    for (let e: usize = 0; e < bytes; e += apart) {
      const distance = most - load8(x + e, signed);
      total += <i64>load<i32>(call.table + (<usize>distance << 2));
    }
    const sum = <f64>total;
    if (call.extent >= MANY) {
      for (let distance = 0; distance < 256; distance++) store<u8>(codes + distance, <u8>codeOf(call, distance, sum));
      for (let e: usize = 0; e < bytes; e += apart) store<u8>(y + e, load<u8>(codes + (most - load8(x + e, signed))));
    } else {
      for (let e: usize = 0; e < bytes; e += apart) store<u8>(y + e, <u8>codeOf(call, most - load8(x + e, signed), sum));
    }
  }
}
