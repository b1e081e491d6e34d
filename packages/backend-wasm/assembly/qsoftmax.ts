// d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = saturate(p * 2^-22 / sy, in the fixed mode) + zy
import { Call, startOf } from './call';
import { load8, pack16 } from './codes';
import { fixedMultiply } from './fixed-multiply';

/** Elements from which on each of the 256 distances is computed once. */
const MANY = 384;
/** Of the modes of `fixedMultiply`. */
const TFLITE_DOUBLE = 0;

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

/** The code of a share. */
@inline
function codeOf(share: i32, multiplier: i32, shift: i32, mode: i32, zero: i32, lowest: i32): i32 {
  return min(max(fixedMultiply(share, multiplier, shift, mode) + zero, lowest), lowest + 255);
}

/**
 * Two shares, rounded and scaled, in doubles. Every integer on the way is at most 2^53, and powers of 2 are multiplied without
 * an error, so these are the bits of `fixedMultiply` in mode tflite-double where the shift is not to the left.
 */
@inline
function pair(table: usize, first: i32, second: i32, sum: v128, multiplier: v128, half: v128, scale: v128): v128 {
  let t = v128.load32_zero(table + (<usize>first << 2));
  t = v128.load32_lane(table + (<usize>second << 2), t, 1);
  t = f64x2.floor(f64x2.div(f64x2.mul(f64x2.convert_low_i32x4_s(t), f64x2.splat(4194304)), sum));
  t = f64x2.floor(f64x2.mul(f64x2.add(f64x2.mul(t, multiplier), f64x2.splat(1073741824)), f64x2.splat(1.0 / 2147483648)));
  return i32x4.trunc_sat_f64x2_s_zero(f64x2.floor(f64x2.mul(f64x2.add(t, half), scale)));
}

/** Codes of `count` elements side by side, in fours; how many were done. */
@inline
function fours(call: QSoftmax, x: usize, y: usize, count: i32, most: i32, sum: f64, signed: bool): i32 {
  const places = -load<i32>(call.shift), table = call.table;
  if (call.mode != TFLITE_DOUBLE || places < 0 || places > 30) return 0;
  const sums = f64x2.splat(sum), multiplier = f64x2.splat(<f64>load<i32>(call.multiplier));
  const half = f64x2.splat(places > 0 ? <f64>(1 << (places - 1)) : 0), scale = f64x2.splat(1.0 / <f64>(<i64>1 << places));
  const ySigned = call.ySigned != 0, zeros = i32x4.splat(load8(call.zeroPoint, ySigned));
  let e = 0;
  for (; e + 4 <= count; e += 4) {
    const d0 = most - load8(x + e, signed), d1 = most - load8(x + e + 1, signed);
    const d2 = most - load8(x + e + 2, signed), d3 = most - load8(x + e + 3, signed);
    const low = pair(table, d0, d1, sums, multiplier, half, scale), high = pair(table, d2, d3, sums, multiplier, half, scale);
    const codes = i32x4.add(i64x2.shuffle(low, high, 0, 2), zeros);
    v128.store32_lane(y + e, pack16(codes, codes, codes, codes, ySigned), 0);
  }
  return e;
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
    for (let e = all || inner > 1 ? <usize>0 : <usize>fours(call, x, y, extent, most, sum, signed); e < count; e += step) {
      const distance = all ? <i32>e : most - load8(x + e, signed);
      // Both are integers below 2^53, and so is their quotient's floor exact.
      const share = <i32>floor<f64>((<f64>load<i32>(table + (<usize>distance << 2)) * 4194304) / sum);
      store<u8>(to + e, <u8>codeOf(share, multiplier, shift, mode, zero, lowest));
    }
    if (all) for (let e: usize = 0; e < bytes; e += apart) store<u8>(y + e, load<u8>(codes + (most - load8(x + e, signed))));
  }
}
