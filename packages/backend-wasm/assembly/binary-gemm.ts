// y[i, j] = k - 2 * popcount(a[i] xor b[j]): the dot product of two rows of signs, a bit each, 1 for -1
//
// Rows go in steps of 16 bytes, filled up with signs that are alike. Rows of B are packed in fours: [four][step][row][16 bytes].
import { Call, startOf } from './call';

@inline
const STEP: usize = 16;
/** Rows of B that go side by side. */
@inline
const COLUMNS = 4;
/** Steps whose counts, of 8 at most, a byte holds. */
@inline
const STEPS_OF_BYTES: usize = 31;
/** Bytes of rows of A that are ready at a time: the first cache holds them. */
const READY: usize = 24 << 10;

@inline
function stepsOf(k: i32): i32 {
  return k == 0 ? 0 : ((k - 1) >> 7) + 1;
}

@inline
function readyAtOnce(m: i32, k: i32): i32 {
  return min(m, max(1, <i32>(READY / max<usize>(STEP, <usize>stepsOf(k) * STEP))));
}

/** Bytes of n packed rows. */
export function packedSignBytes(n: i32, k: i32): usize {
  return <usize>((n + COLUMNS - 1) / COLUMNS) * <usize>stepsOf(k) * (STEP * COLUMNS);
}

/** Bytes of scratch of a part. */
export function signScratchBytes(m: i32, k: i32): usize {
  return <usize>readyAtOnce(m, k) * <usize>stepsOf(k) * STEP;
}

/** A row of k signs in steps that lie `apart`; bits past k are 0. */
function steps(row: usize, k: i32, to: usize, apart: usize): void {
  if (k == 0) return;
  const last = <usize>((k - 1) >> 3);
  let at: usize = 0;
  for (; at + STEP <= last + 1; at += STEP) {
    v128.store(to, v128.load(row + at));
    to += apart;
  }
  if (at <= last) {
    v128.store(to, i32x4.splat(0));
    memory.copy(to, row + at, last + 1 - at);
    to += apart;
  }
  to += (last & 15) - apart;
  const used: i32 = 0xff >> (7 - ((k - 1) & 7));
  store<u8>(to, load<u8>(to) & <u8>used);
}

@unmanaged
export class PackSigns extends Call {
  b: usize;
  to: usize;
  n: i32;
  k: i32;
}

export function packSigns(call: PackSigns): void {
  const k = call.k, bytes = <usize>((k >> 3) + i32((k & 7) != 0)), four = <usize>stepsOf(k) * (STEP * COLUMNS);
  memory.fill(call.to, 0, packedSignBytes(call.n, k));
  for (let j = 0; j < call.n; j++) {
    const to = call.to + <usize>(j / COLUMNS) * four + <usize>(j % COLUMNS) * STEP;
    steps(call.b + <usize>j * bytes, k, to, STEP * COLUMNS);
  }
}

@unmanaged
export class BinaryGemm extends Call {
  a: usize;
  /** Packed rows. */
  b: usize;
  y: usize;
  /** `signScratchBytes` for each part. */
  scratch: usize;
  m: i32;
  n: i32;
  k: i32;
}

/** Parts have rows of A where there are enough of them, else rows of B. */
export function binaryGemm(call: BinaryGemm, part: i32): void {
  const m = call.m, n = call.n, k = call.k, parts = call.parts;
  const byRows = m >= 4 * parts;
  const top = byRows ? startOf(m, 1, part, parts) : 0, bottom = byRows ? startOf(m, 1, part + 1, parts) : m;
  const first = byRows ? 0 : startOf(n, COLUMNS, part, parts), last = byRows ? n : startOf(n, COLUMNS, part + 1, parts);
  const rowBytes = <usize>stepsOf(k) * STEP, bytes = <usize>((k >> 3) + i32((k & 7) != 0)), atOnce = readyAtOnce(m, k);
  const scratch = call.scratch + <usize>part * signScratchBytes(m, k);
  for (let from = top; from < bottom; from += atOnce) {
    const end = min(bottom, from + atOnce);
    for (let i = from; i < end; i++) steps(call.a + <usize>i * bytes, k, scratch + <usize>(i - from) * rowBytes, STEP);
    for (let j = first; j < last; j += COLUMNS) {
      const b = call.b + <usize>(j / COLUMNS) * (rowBytes * COLUMNS);
      for (let i = from; i < end; i++) {
        const different = differences(scratch + <usize>(i - from) * rowBytes, b, rowBytes);
        const sums = i32x4.sub(i32x4.splat(k), i32x4.shl(different, 1));
        const y = call.y + ((<usize>i * <usize>n + <usize>j) << 2);
        if (last - j >= COLUMNS) v128.store(y, sums);
        else {
          v128.store32_lane(y, sums, 0);
          if (last - j > 1) v128.store32_lane(y, sums, 1, 4);
          if (last - j > 2) v128.store32_lane(y, sums, 2, 8);
        }
      }
    }
  }
}

@inline
function wide(counts: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(counts));
}

/** Signs in which a row differs from each of four. */
@inline
function differences(a: usize, b: usize, bytes: usize): v128 {
  let s0 = i32x4.splat(0), s1 = i32x4.splat(0), s2 = i32x4.splat(0), s3 = i32x4.splat(0);
  const last = a + bytes;
  while (a < last) {
    let c0 = i32x4.splat(0), c1 = i32x4.splat(0), c2 = i32x4.splat(0), c3 = i32x4.splat(0);
    for (const end = min(last, a + STEP * STEPS_OF_BYTES); a < end; a += STEP) {
      const x = v128.load(a);
      c0 = i8x16.add(c0, i8x16.popcnt(v128.xor(x, v128.load(b))));
      c1 = i8x16.add(c1, i8x16.popcnt(v128.xor(x, v128.load(b, 16))));
      c2 = i8x16.add(c2, i8x16.popcnt(v128.xor(x, v128.load(b, 32))));
      c3 = i8x16.add(c3, i8x16.popcnt(v128.xor(x, v128.load(b, 48))));
      b += STEP * COLUMNS;
    }
    s0 = i32x4.add(s0, wide(c0));
    s1 = i32x4.add(s1, wide(c1));
    s2 = i32x4.add(s2, wide(c2));
    s3 = i32x4.add(s3, wide(c3));
  }
  const low = i32x4.add(i32x4.shuffle(s0, s1, 0, 4, 1, 5), i32x4.shuffle(s0, s1, 2, 6, 3, 7));
  const high = i32x4.add(i32x4.shuffle(s2, s3, 0, 4, 1, 5), i32x4.shuffle(s2, s3, 2, 6, 3, 7));
  return i32x4.add(i64x2.shuffle(low, high, 0, 2), i64x2.shuffle(low, high, 1, 3));
}
