// int8-block: four rows of A become codes, block by block, and meet records of eight columns. Sums of a block are integers; what
// they add to y is float, in the order that the op has.
//
// A block of rows is four scales, four sums of codes that are negated, then [step][row][4 bytes]: int16 in pairs, or bytes in
// fours. Rows that are `scaled` are for `codesLine` on codes of 4 bits: there pairs have, in turn, 256, 16, 1 and 256 times
// their codes.
import { COLUMNS, HEAD, recordBytes, ZEROS } from './block-pack';
import { sumOf } from './codes';

@inline
export const ROWS = 4;
/** Bytes of a step of four rows, and of eight columns. */
@inline
export const ROWS_STEP: usize = 16;
@inline
export const STEP: usize = 32;
/** Bytes of scales and sums. */
@inline
export const ROWS_HEAD: usize = 32;
/** Where sums stand. */
@inline
export const SUMS: usize = 16;

/** Elements of K of a step. */
@inline
const DEPTH = ASC_FEATURE_RELAXED_SIMD ? 4 : 2;

/** Bytes of a block of four rows. */
@inline
export function codeRowsBytes(block: i32): usize {
  return ROWS_HEAD + <usize>(block / DEPTH) * ROWS_STEP;
}

/** Bytes of a block of eight columns that `codesTile` reads. */
@inline
export function codeColumnsBytes(block: i32): usize {
  return HEAD + <usize>(block / DEPTH) * STEP;
}

/** Elements of a block of which there are `left`, filled up to whole steps with zeros. */
@inline
export function depthOf(block: i32, left: i32): i32 {
  return min(block, (left + 7) & ~7);
}

/** Up to four rows of A; those that are missing are 0. */
export function codeRows(a: usize, rows: i32, k: i32, block: i32, scaled: bool, to: usize): void {
  const bytes = codeRowsBytes(block);
  const factors = scaled ? i16x8(256, 256, 16, 16, 1, 1, 256, 256) : i16x8.splat(1);
  for (let first = 0; first < k; first += block) {
    if (rows < ROWS) memory.fill(to, 0, bytes);
    for (let r = 0; r < rows; r++) {
      const from = a + ((<usize>r * <usize>k + <usize>first) << 2);
      codesOfBlock(from, min(block, k - first), factors, to + (<usize>r << 2));
    }
    to += bytes;
  }
}

/** One row of a block: its scale, its sum and its codes. */
function codesOfBlock(a: usize, count: i32, factors: v128, to: usize): void {
  // Without their signs floats are ordered as integers, infinity and then NaN above all.
  const size = i32x4.splat(0x7fffffff);
  let most = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) most = i32x4.max_s(most, v128.and(v128.load(a + (<usize>i << 2)), size));
  let bits = max(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1));
  bits = max(bits, max(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)));
  for (; i < count; i++) bits = max(bits, load<i32>(a + (<usize>i << 2)) & 0x7fffffff);
  const absmax = reinterpret<f32>(bits);
  let r = <f32>127 / absmax;
  if (!(r < Infinity) || bits >= 0x7f800000) r = 0;
  store<f32>(to, bits < 0x7f800000 ? absmax / <f32>127 : NaN);
  // The sum of a float below 2^22 and this has the float's integer, rounded half to even, in its low bits.
  const magic = f32x4.splat(12582912), integer = i32x4.splat(0x4b400000);
  const rs = f32x4.splat(r);
  let sums = i32x4.splat(0);
  let at = to + ROWS_HEAD;
  for (i = 0; i < count; i += 8) {
    let x: v128, z: v128;
    if (count - i >= 8) {
      x = v128.load(a + (<usize>i << 2));
      z = v128.load(a + (<usize>i << 2), 16);
    } else {
      x = upTo4(a + (<usize>i << 2), count - i);
      z = upTo4(a + (<usize>i << 2) + 16, count - i - 4);
    }
    x = i32x4.sub(f32x4.add(f32x4.mul(x, rs), magic), integer);
    z = i32x4.sub(f32x4.add(f32x4.mul(z, rs), magic), integer);
    // Infinities and NaN have no codes.
    if (r == 0) x = z = i32x4.splat(0);
    sums = i32x4.add(sums, i32x4.add(x, z));
    const codes = i16x8.narrow_i32x4_s(x, z);
    if (ASC_FEATURE_RELAXED_SIMD) {
      const bytes = i8x16.narrow_i16x8_s(codes, codes);
      v128.store32_lane(at, bytes, 0);
      v128.store32_lane(at, bytes, 1, ROWS_STEP);
    } else {
      const pairs = i16x8.mul(codes, factors);
      v128.store32_lane(at, pairs, 0);
      v128.store32_lane(at, pairs, 1, ROWS_STEP);
      v128.store32_lane(at, pairs, 2, ROWS_STEP * 2);
      v128.store32_lane(at, pairs, 3, ROWS_STEP * 3);
    }
    at += ROWS_STEP * (8 / DEPTH);
  }
  store<i32>(to, -sumOf(sums), SUMS);
}

/** Up to four floats; what is behind `count` of them is not read. */
function upTo4(at: usize, count: i32): v128 {
  if (count >= 4) return v128.load(at);
  let x = f32x4.splat(0);
  if (count > 0) x = v128.load32_lane(at, x, 0);
  if (count > 1) x = v128.load32_lane(at, x, 1, 4);
  if (count > 2) x = v128.load32_lane(at, x, 2, 8);
  return x;
}

/** The records of a panel as operands of dot products: scales and zero points, then [step][column][4 bytes]. */
export function codeColumns(b: usize, k: i32, block: i32, bits: i32, to: usize): void {
  const record = recordBytes(block, bits), bytes = codeColumnsBytes(block);
  for (let left = k; left > 0; left -= block) {
    v128.store(to, v128.load(b));
    v128.store(to, v128.load(b, 16), 16);
    v128.store(to, v128.load(b, 32), 32);
    if (ASC_FEATURE_RELAXED_SIMD) bytesOf(b, depthOf(block, left), bits, to + HEAD);
    else pairsOf(b, depthOf(block, left), bits, to + HEAD);
    b += record;
    to += bytes;
  }
}

/** Codes as bytes. */
@inline
function bytesOf(record: usize, depth: i32, bits: i32, to: usize): void {
  let from = record + HEAD;
  if (bits == 8) {
    memory.copy(to, from, <usize>depth * COLUMNS);
    return;
  }
  const low = i8x16.splat(15);
  for (const end = to + <usize>(depth * COLUMNS); to < end; to += STEP * 2) {
    const w0 = v128.load(from), w1 = v128.load(from, 16);
    v128.store(to, v128.and(w0, low));
    v128.store(to, v128.and(w1, low), 16);
    v128.store(to, v128.and(i16x8.shr_u(w0, 4), low), 32);
    v128.store(to, v128.and(i16x8.shr_u(w1, 4), low), 48);
    from += STEP;
  }
}

/** Codes less their zero points, as int16. */
@inline
function pairsOf(record: usize, depth: i32, bits: i32, to: usize): void {
  const zeros = v128.load(record, ZEROS);
  const z0 = i16x8.shuffle(zeros, zeros, 0, 0, 1, 1, 2, 2, 3, 3), z1 = i16x8.shuffle(zeros, zeros, 4, 4, 5, 5, 6, 6, 7, 7);
  let from = record + HEAD;
  const end = to + <usize>(depth / DEPTH) * STEP;
  if (bits == 8) {
    const low = i16x8.splat(255);
    for (; to < end; to += STEP * 2) {
      const w0 = v128.load(from), w1 = v128.load(from, 16);
      v128.store(to, i16x8.sub(v128.and(w0, low), z0));
      v128.store(to, i16x8.sub(v128.and(w1, low), z1), 16);
      v128.store(to, i16x8.sub(i16x8.shr_u(w0, 8), z0), 32);
      v128.store(to, i16x8.sub(i16x8.shr_u(w1, 8), z1), 48);
      from += STEP;
    }
    return;
  }
  const low = i16x8.splat(15);
  for (; to < end; to += STEP * 4) {
    const w0 = v128.load(from), w1 = v128.load(from, 16);
    v128.store(to, i16x8.sub(v128.and(w0, low), z0));
    v128.store(to, i16x8.sub(v128.and(w1, low), z1), 16);
    v128.store(to, i16x8.sub(v128.and(i16x8.shr_u(w0, 4), low), z0), 32);
    v128.store(to, i16x8.sub(v128.and(i16x8.shr_u(w1, 4), low), z1), 48);
    v128.store(to, i16x8.sub(v128.and(i16x8.shr_u(w0, 8), low), z0), 64);
    v128.store(to, i16x8.sub(v128.and(i16x8.shr_u(w1, 8), low), z1), 80);
    v128.store(to, i16x8.sub(i16x8.shr_u(w0, 12), z0), 96);
    v128.store(to, i16x8.sub(i16x8.shr_u(w1, 12), z1), 112);
    from += STEP;
  }
}

/** Sums of products of rows `a` by columns `b`. */
@inline
export function dot(sum: v128, a: v128, b: v128): v128 {
  // The operand that is s8 on every machine comes first; whether the other is u8, a known answer has told.
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** What zero points change about the sum of a block: -sum(q) * zeroPoint, of four columns. Both fit int16. */
@inline
function correction(row: usize, zeros: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? i32x4.dot_i16x8_s(v128.load32_splat(row, SUMS), zeros) : i32x4.splat(0);
}

/** y = fround(y + fround(dot * fround(sa * scale))) */
@inline
function addTo(y: usize, dots: v128, sa: v128, scales: v128): void {
  v128.store(y, f32x4.add(v128.load(y), f32x4.mul(f32x4.convert_i32x4_s(dots), f32x4.mul(sa, scales))));
}

/**
 * Four rows by eight columns, to y [4][8]. So many sums and what is loaded at once are as many vectors
 * as a machine has: engines load all that a turn of a loop needs before they compute.
 */
export function codesTile(rows: usize, columns: usize, k: i32, block: i32, y: usize): void {
  memory.fill(y, 0, STEP * ROWS);
  const rowsBytes = codeRowsBytes(block), columnsBytes = codeColumnsBytes(block);
  for (let left = k; left > 0; left -= block) {
    const zeros = v128.load(columns, ZEROS);
    const z0 = i32x4.extend_low_i16x8_s(zeros), z1 = i32x4.extend_high_i16x8_s(zeros);
    let s00 = correction(rows, z0), s01 = correction(rows, z1);
    let s10 = correction(rows + 4, z0), s11 = correction(rows + 4, z1);
    let s20 = correction(rows + 8, z0), s21 = correction(rows + 8, z1);
    let s30 = correction(rows + 12, z0), s31 = correction(rows + 12, z1);
    let a = rows + ROWS_HEAD, b = columns + HEAD;
    const end = b + <usize>(depthOf(block, left) / DEPTH) * STEP;
    while (b < end) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let x = v128.load32_splat(a);
      s00 = dot(s00, x, b0);
      s01 = dot(s01, x, b1);
      x = v128.load32_splat(a, 4);
      s10 = dot(s10, x, b0);
      s11 = dot(s11, x, b1);
      x = v128.load32_splat(a, 8);
      s20 = dot(s20, x, b0);
      s21 = dot(s21, x, b1);
      x = v128.load32_splat(a, 12);
      s30 = dot(s30, x, b0);
      s31 = dot(s31, x, b1);
      a += ROWS_STEP;
      b += STEP;
    }
    const c0 = v128.load(columns), c1 = v128.load(columns, 16);
    let sa = v128.load32_splat(rows);
    addTo(y, s00, sa, c0);
    addTo(y + 16, s01, sa, c1);
    sa = v128.load32_splat(rows, 4);
    addTo(y + 32, s10, sa, c0);
    addTo(y + 48, s11, sa, c1);
    sa = v128.load32_splat(rows, 8);
    addTo(y + 64, s20, sa, c0);
    addTo(y + 80, s21, sa, c1);
    sa = v128.load32_splat(rows, 12);
    addTo(y + 96, s30, sa, c0);
    addTo(y + 112, s31, sa, c1);
    rows += rowsBytes;
    columns += columnsBytes;
  }
}
