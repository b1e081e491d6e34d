// Panels of int16, without zero points: sums of their products need no correction.
import { load8 } from './codes';
import { COLUMNS, COLUMNS_STEP, interleave, ROWS, ROWS_STEP, stepsOf } from './tile';

/** Bytes of a panel of eight columns. */
@inline
export function panelBytes(k: i32): usize {
  return <usize>stepsOf<i16>(k) * COLUMNS_STEP;
}

/** Packs B [k, n], or [n, k] where it is transposed; `to` is all 0. */
export function packColumns(
  b: usize,
  zero: usize,
  zeroEach: bool,
  to: usize,
  k: i32,
  n: i32,
  transposed: bool,
  signed: bool,
): void {
  const kStep: usize = transposed ? 1 : <usize>n, nStep: usize = transposed ? <usize>k : 1;
  for (let j = 0; j < n; j++) {
    const z = load8(zeroEach ? zero + j : zero, signed);
    const column = to + <usize>(j / COLUMNS) * panelBytes(k) + (<usize>(j % COLUMNS) << 2);
    let from = b + <usize>j * nStep;
    for (let i = 0; i < k; i++) {
      store<i16>(column + <usize>(i >> 1) * COLUMNS_STEP + (<usize>(i & 1) << 1), <i16>(load8(from, signed) - z));
      from += kStep;
    }
  }
}

/** Packs up to six rows of A; behind K stands 0, and rows that are not there repeat the last one. */
export function packRows(a: usize, lda: usize, rows: i32, k: i32, zero: i32, signed: bool, to: usize): void {
  const a1 = rows > 1 ? a + lda : a, a2 = rows > 2 ? a1 + lda : a1, a3 = rows > 3 ? a2 + lda : a2;
  const a4 = rows > 4 ? a3 + lda : a3, a5 = rows > 5 ? a4 + lda : a4;
  const zeros = i16x8.splat(<i16>zero);
  let i: usize = 0;
  if (signed) {
    for (; i + 8 <= <usize>k; i += 8) {
      const r0 = i16x8.sub(v128.load_ext<i8>(a + i), zeros), r1 = i16x8.sub(v128.load_ext<i8>(a1 + i), zeros);
      const r2 = i16x8.sub(v128.load_ext<i8>(a2 + i), zeros), r3 = i16x8.sub(v128.load_ext<i8>(a3 + i), zeros);
      const r4 = i16x8.sub(v128.load_ext<i8>(a4 + i), zeros), r5 = i16x8.sub(v128.load_ext<i8>(a5 + i), zeros);
      interleave(to, r0, r1, r2, r3, r4, r5);
      to += ROWS_STEP * 4;
    }
  } else {
    for (; i + 8 <= <usize>k; i += 8) {
      const r0 = i16x8.sub(v128.load_ext<u8>(a + i), zeros), r1 = i16x8.sub(v128.load_ext<u8>(a1 + i), zeros);
      const r2 = i16x8.sub(v128.load_ext<u8>(a2 + i), zeros), r3 = i16x8.sub(v128.load_ext<u8>(a3 + i), zeros);
      const r4 = i16x8.sub(v128.load_ext<u8>(a4 + i), zeros), r5 = i16x8.sub(v128.load_ext<u8>(a5 + i), zeros);
      interleave(to, r0, r1, r2, r3, r4, r5);
      to += ROWS_STEP * 4;
    }
  }
  const end = <usize>stepsOf<i16>(k) << 1;
  for (; i < end; i += 2) {
    for (let r = 0; r < ROWS; r++) {
      const row = a + <usize>min(r, rows - 1) * lda + i;
      const first = i < <usize>k ? load8(row, signed) - zero : 0;
      const second = i + 1 < <usize>k ? load8(row + 1, signed) - zero : 0;
      store<i32>(to + (<usize>r << 2), (first & 0xffff) | (second << 16));
    }
    to += ROWS_STEP;
  }
}
