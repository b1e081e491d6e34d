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

/** The code of a share, before it is limited. */
@inline
function codeOf(share: i32, multiplier: i32, shift: i32, mode: i32, zero: i32, lowest: i32): i32 {
  return min(max(fixedMultiply(share, multiplier, shift, mode) + zero, lowest), lowest + 255);
}

/** Parts have rows along the middle axis. */
export function qsoftmax(call: QSoftmax, part: i32): void {
  const extent = call.extent, inner = call.inner, table = call.table, codes = call.codes + (<usize>part << 8);
  const apart = <usize>inner, bytes = <usize>extent * apart, signed = call.xSigned != 0, mode = call.mode;
  const multiplier = load<i32>(call.multiplier), shift = load<i32>(call.shift);
  const ySigned = call.ySigned != 0, zero = load8(call.zeroPoint, ySigned), lowest = ySigned ? -128 : 0;
  const rows = call.outer * inner, last = startOf(rows, 1, part + 1, call.parts);
  for (let row = startOf(rows, 1, part, call.parts); row < last; row++) {
    const at = <usize>(row / inner) * bytes + <usize>(row % inner);
    const x = call.x + at, y = call.y + at;
    let most = -128;
    for (let e: usize = 0; e < bytes; e += apart) most = max(most, load8(x + e, signed));
    let total: i64 = 0;
    for (let e: usize = 0; e < bytes; e += apart) {
      total += <i64>load<i32>(table + (<usize>(most - load8(x + e, signed)) << 2));
    }
    const sum = <f64>total;
    const all = extent >= MANY;
    const count = all ? <usize>256 : bytes, step = all ? <usize>1 : apart, to = all ? codes : y;
    for (let e: usize = 0; e < count; e += step) {
      const distance = all ? <i32>e : most - load8(x + e, signed);
      // Both are integers below 2^53, and so is their quotient's floor exact. The sum with 2^52 has it in its low bits.
      const quotient = floor<f64>(<f64>load<i32>(table + (<usize>distance << 2)) * 4194304 / sum);
      const share = <i32>reinterpret<i64>(quotient + 4503599627370496);
      store<u8>(to + e, <u8>codeOf(share, multiplier, shift, mode, zero, lowest));
    }
    if (all) for (let e: usize = 0; e < bytes; e += apart) store<u8>(y + e, load<u8>(codes + (most - load8(x + e, signed))));
  }
}
