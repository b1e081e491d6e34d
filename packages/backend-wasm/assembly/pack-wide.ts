// Panels of int16, without zero points: sums of their products need no correction.
import { load8 } from './codes';
import { COLUMNS, COLUMNS_STEP, ROWS, ROWS_STEP, stepsOf } from './tile';

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
  const steps = stepsOf<i16>(k);
  if (rows < ROWS) memory.fill(to, 0, <usize>steps * ROWS_STEP);
  for (let r = 0; r < rows; r++) {
    let at = to + (<usize>r << 2);
    let i = 0;
    for (; i + 8 <= k; i += 8) {
      const codes = signed ? v128.load_ext<i8>(a + i) : v128.load_ext<u8>(a + i);
      const wide = i16x8.sub(codes, zeros);
      v128.store32_lane(at, wide, 0);
      v128.store32_lane(at, wide, 1, 24);
      v128.store32_lane(at, wide, 2, 48);
      v128.store32_lane(at, wide, 3, 72);
      at += ROWS_STEP * 4;
    }
    for (; i < steps << 1; i += 2) {
      const first = i < k ? load8(a + i, signed) - zero : 0;
      const second = i + 1 < k ? load8(a + i + 1, signed) - zero : 0;
      store<i32>(at, (first & 0xffff) | (second << 16));
      at += ROWS_STEP;
    }
    a += lda;
  }
}
