// Sums of products of six rows by eight columns, in twelve vectors, while panels of both pass by.
//
// A step is four bytes a row and a column: two int16 of K, or four bytes of it; steps come in fours. Panels of columns are
// [step][column][4 bytes], those of rows [four steps][row][16 bytes], so that a vector of a row is one store. T says which: i16
// for i32x4.dot_i16x8_s, u8 for the relaxed dot product of rows of uint8 by columns of int8, which is used only where it was
// seen to be exact.

@inline
export const ROWS = 6;
@inline
export const COLUMNS = 8;
/** Bytes of a step of rows, and of columns. */
@inline
export const ROWS_STEP: usize = 24;
@inline
export const COLUMNS_STEP: usize = 32;
/** Bytes of four steps of one row, and of all. */
@inline
export const ROW_FOUR: usize = 16;
@inline
export const ROWS_FOUR: usize = 96;

/** Steps of a depth of k. */
@inline
export function stepsOf<T>(k: i32): i32 {
  return sizeof<T>() == 2 ? (k + 7) >> 3 << 2 : (k + 15) >> 4 << 2;
}

@inline
function dot<T>(sum: v128, a: v128, b: v128): v128 {
  if (sizeof<T>() == 2) return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
  // The operand that is s8 on every machine comes first; whether the other is u8, a known answer has told.
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(b, a, sum);
}

/** Six rows of sums [8] at `c`. */
export function block<T>(a: usize, b: usize, c: usize, steps: i32): void {
  let s00 = i32x4.splat(0), s01 = i32x4.splat(0), s10 = i32x4.splat(0), s11 = i32x4.splat(0);
  let s20 = i32x4.splat(0), s21 = i32x4.splat(0), s30 = i32x4.splat(0), s31 = i32x4.splat(0);
  let s40 = i32x4.splat(0), s41 = i32x4.splat(0), s50 = i32x4.splat(0), s51 = i32x4.splat(0);
  const end = b + <usize>steps * COLUMNS_STEP;
  while (b < end) {
    let b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    s00 = dot<T>(s00, x, b0);
    s01 = dot<T>(s01, x, b1);
    x = v128.load32_splat(a, 16);
    s10 = dot<T>(s10, x, b0);
    s11 = dot<T>(s11, x, b1);
    x = v128.load32_splat(a, 32);
    s20 = dot<T>(s20, x, b0);
    s21 = dot<T>(s21, x, b1);
    x = v128.load32_splat(a, 48);
    s30 = dot<T>(s30, x, b0);
    s31 = dot<T>(s31, x, b1);
    x = v128.load32_splat(a, 64);
    s40 = dot<T>(s40, x, b0);
    s41 = dot<T>(s41, x, b1);
    x = v128.load32_splat(a, 80);
    s50 = dot<T>(s50, x, b0);
    s51 = dot<T>(s51, x, b1);
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    x = v128.load32_splat(a, 4);
    s00 = dot<T>(s00, x, b0);
    s01 = dot<T>(s01, x, b1);
    x = v128.load32_splat(a, 20);
    s10 = dot<T>(s10, x, b0);
    s11 = dot<T>(s11, x, b1);
    x = v128.load32_splat(a, 36);
    s20 = dot<T>(s20, x, b0);
    s21 = dot<T>(s21, x, b1);
    x = v128.load32_splat(a, 52);
    s30 = dot<T>(s30, x, b0);
    s31 = dot<T>(s31, x, b1);
    x = v128.load32_splat(a, 68);
    s40 = dot<T>(s40, x, b0);
    s41 = dot<T>(s41, x, b1);
    x = v128.load32_splat(a, 84);
    s50 = dot<T>(s50, x, b0);
    s51 = dot<T>(s51, x, b1);
    b0 = v128.load(b, 64);
    b1 = v128.load(b, 80);
    x = v128.load32_splat(a, 8);
    s00 = dot<T>(s00, x, b0);
    s01 = dot<T>(s01, x, b1);
    x = v128.load32_splat(a, 24);
    s10 = dot<T>(s10, x, b0);
    s11 = dot<T>(s11, x, b1);
    x = v128.load32_splat(a, 40);
    s20 = dot<T>(s20, x, b0);
    s21 = dot<T>(s21, x, b1);
    x = v128.load32_splat(a, 56);
    s30 = dot<T>(s30, x, b0);
    s31 = dot<T>(s31, x, b1);
    x = v128.load32_splat(a, 72);
    s40 = dot<T>(s40, x, b0);
    s41 = dot<T>(s41, x, b1);
    x = v128.load32_splat(a, 88);
    s50 = dot<T>(s50, x, b0);
    s51 = dot<T>(s51, x, b1);
    b0 = v128.load(b, 96);
    b1 = v128.load(b, 112);
    x = v128.load32_splat(a, 12);
    s00 = dot<T>(s00, x, b0);
    s01 = dot<T>(s01, x, b1);
    x = v128.load32_splat(a, 28);
    s10 = dot<T>(s10, x, b0);
    s11 = dot<T>(s11, x, b1);
    x = v128.load32_splat(a, 44);
    s20 = dot<T>(s20, x, b0);
    s21 = dot<T>(s21, x, b1);
    x = v128.load32_splat(a, 60);
    s30 = dot<T>(s30, x, b0);
    s31 = dot<T>(s31, x, b1);
    x = v128.load32_splat(a, 76);
    s40 = dot<T>(s40, x, b0);
    s41 = dot<T>(s41, x, b1);
    x = v128.load32_splat(a, 92);
    s50 = dot<T>(s50, x, b0);
    s51 = dot<T>(s51, x, b1);
    a += ROWS_FOUR;
    b += COLUMNS_STEP * 4;
  }
  v128.store(c, s00);
  v128.store(c, s01, 16);
  v128.store(c, s10, 32);
  v128.store(c, s11, 48);
  v128.store(c, s20, 64);
  v128.store(c, s21, 80);
  v128.store(c, s30, 96);
  v128.store(c, s31, 112);
  v128.store(c, s40, 128);
  v128.store(c, s41, 144);
  v128.store(c, s50, 160);
  v128.store(c, s51, 176);
}

/** One row of sums [8] at `c`; `a` points at that row of the panel. */
export function line<T>(a: usize, b: usize, c: usize, steps: i32): void {
  let s0 = i32x4.splat(0), s1 = i32x4.splat(0), t0 = i32x4.splat(0), t1 = i32x4.splat(0);
  const end = b + <usize>steps * COLUMNS_STEP;
  while (b < end) {
    let x = v128.load32_splat(a), z = v128.load32_splat(a, 4);
    s0 = dot<T>(s0, x, v128.load(b));
    s1 = dot<T>(s1, x, v128.load(b, 16));
    t0 = dot<T>(t0, z, v128.load(b, 32));
    t1 = dot<T>(t1, z, v128.load(b, 48));
    x = v128.load32_splat(a, 8);
    z = v128.load32_splat(a, 12);
    s0 = dot<T>(s0, x, v128.load(b, 64));
    s1 = dot<T>(s1, x, v128.load(b, 80));
    t0 = dot<T>(t0, z, v128.load(b, 96));
    t1 = dot<T>(t1, z, v128.load(b, 112));
    a += ROWS_FOUR;
    b += COLUMNS_STEP * 4;
  }
  v128.store(c, i32x4.add(s0, t0));
  v128.store(c, i32x4.add(s1, t1), 16);
}

/** `count` rows of sums [8] at `sums`; with few of them the panel of rows is not gone through in vain. */
@inline
export function sumsOf<T>(rows: usize, columns: usize, sums: usize, steps: i32, count: i32): void {
  if (count > 2) block<T>(rows, columns, sums, steps);
  else for (let r = 0; r < count; r++) line<T>(rows + <usize>r * ROW_FOUR, columns, sums + (<usize>r << 5), steps);
}
