// Panels of int16, without zero points: sums of their products need no correction.
import { load8 } from './codes';
import { COLUMNS, COLUMNS_STEP, ROW_FOUR, ROWS, ROWS_FOUR, ROWS_STEP, stepsOf } from './tile';

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

/** Packs up to six rows of A; what is behind them, and behind K, is 0. */
export function packRows(a: usize, lda: usize, rows: i32, k: i32, zero: i32, signed: bool, to: usize): void {
  const zeros = i16x8.splat(<i16>zero);
  if (rows < ROWS) memory.fill(to, 0, <usize>stepsOf<i16>(k) * ROWS_STEP);
  for (let r = 0; r < rows; r++) {
    let at = to + <usize>r * ROW_FOUR;
    let i = 0;
    for (; i + 8 <= k; i += 8) {
      v128.store(at, i16x8.sub(signed ? v128.load_ext<i8>(a + i) : v128.load_ext<u8>(a + i), zeros));
      at += ROWS_FOUR;
    }
    if (i < k) {
      v128.store(at, i16x8.splat(0));
      for (let e = 0; e < k - i; e++) store<i16>(at + (<usize>e << 1), <i16>(load8(a + i + e, signed) - zero));
    }
    a += lda;
  }
}
