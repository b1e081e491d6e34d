// Rows of A by rows of B as they stand: for few rows of A it does not pay to pack B first.
//   sum (a - za) (b - zb) = sum (a - za) b - zb * sum (a - za)
import { startOf } from './call';
import { load8, sumOf } from './codes';
import { addedOf, finish, Product, sizeOf } from './product';

/** Rows of B at a time. */
const ROWS = 8;

@unmanaged
export class Dots extends Product {
  a: usize;
  aZeroPoint: usize;
  /** [batch][n][k]. */
  b: usize;
  bZeroPoint: usize;
  /** `dotsScratchBytes` for each part. */
  scratch: usize;
  batch: i32;
  m: i32;
  n: i32;
  k: i32;
  aSigned: i32;
  bSigned: i32;
  bZeroEach: i32;
}

/** Bytes of scratch: a row of A in int16, whole vectors of it, and eight sums. */
export function dotsScratchBytes(k: i32): usize {
  return 32 + (<usize>((k + 7) & ~7) << 1);
}

/** Parts have rows of B. */
export function dots(call: Dots, part: i32): void {
  if (call.bSigned) all<i8>(call, part);
  else all<u8>(call, part);
}

@inline
function all<B>(call: Dots, part: i32): void {
  const m = call.m, n = call.n, k = call.k;
  const aSigned = call.aSigned != 0, bSigned = isSigned<B>();
  const aZero = load8(call.aZeroPoint, aSigned);
  const sums = call.scratch + <usize>part * dotsScratchBytes(k), row = sums + 32;
  const first = startOf(n, ROWS, part, call.parts), last = startOf(n, ROWS, part + 1, call.parts);
  const size = sizeOf(call);
  for (let i = 0; i < call.batch * m; i++) {
    const total = widen(call.a + <usize>i * <usize>k, k, aZero, aSigned, row);
    const y = call.y + <usize>i * <usize>n * size;
    let b = call.b + (<usize>(i / m) * <usize>n + <usize>first) * <usize>k;
    for (let j = first; j < last; j += ROWS) {
      const count = min(ROWS, last - j);
      if (count == ROWS) eight<B>(row, b, k, sums);
      else for (let e = 0; e < count; e++) one<B>(row, b + <usize>e * <usize>k, k, sums + (<usize>e << 2));
      for (let e = 0; e < count; e++) {
        const zero = load8(call.bZeroEach ? call.bZeroPoint + j + e : call.bZeroPoint, bSigned);
        const at = sums + (<usize>e << 2);
        store<i32>(at, load<i32>(at) - zero * total);
      }
      finish(call, sums, 1, j, count, addedOf(call, j), y + <usize>j * size, 0);
      b += <usize>ROWS * <usize>k;
    }
  }
}

/** A row without its zero point as int16; what it sums up to. */
function widen(a: usize, k: i32, zero: i32, signed: bool, to: usize): i32 {
  let sum = 0;
  for (let i: usize = 0; i < <usize>k; i++) {
    const value = load8(a + i, signed) - zero;
    sum += value;
    store<i16>(to + (i << 1), <i16>value);
  }
  return sum;
}

/** One sum. */
function one<B>(row: usize, b: usize, k: i32, sum: usize): void {
  let s = i32x4.splat(0);
  let i: usize = 0;
  for (; i + 8 <= <usize>k; i += 8) s = i32x4.add(s, i32x4.dot_i16x8_s(v128.load(row + (i << 1)), v128.load_ext<B>(b + i)));
  let rest = sumOf(s);
  for (; i < <usize>k; i++) rest += <i32>load<i16>(row + (i << 1)) * <i32>load<B>(b + i);
  store<i32>(sum, rest);
}

/** Eight sums. */
function eight<B>(row: usize, b: usize, k: i32, sums: usize): void {
  const b1 = b + k, b2 = b1 + k, b3 = b2 + k, b4 = b3 + k, b5 = b4 + k, b6 = b5 + k, b7 = b6 + k;
  let s0 = i32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let i: usize = 0;
  for (; i + 8 <= <usize>k; i += 8) {
    const a = v128.load(row + (i << 1));
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b + i)));
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b1 + i)));
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b2 + i)));
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b3 + i)));
    s4 = i32x4.add(s4, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b4 + i)));
    s5 = i32x4.add(s5, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b5 + i)));
    s6 = i32x4.add(s6, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b6 + i)));
    s7 = i32x4.add(s7, i32x4.dot_i16x8_s(a, v128.load_ext<B>(b7 + i)));
  }
  store<i32>(sums, sumOf(s0));
  store<i32>(sums, sumOf(s1), 4);
  store<i32>(sums, sumOf(s2), 8);
  store<i32>(sums, sumOf(s3), 12);
  store<i32>(sums, sumOf(s4), 16);
  store<i32>(sums, sumOf(s5), 20);
  store<i32>(sums, sumOf(s6), 24);
  store<i32>(sums, sumOf(s7), 28);
  for (; i < <usize>k; i++) {
    const a = <i32>load<i16>(row + (i << 1));
    for (let e: usize = 0; e < 8; e++) {
      const at = sums + (e << 2);
      store<i32>(at, load<i32>(at) + a * <i32>load<B>(b + e * <usize>k + i));
    }
  }
}
