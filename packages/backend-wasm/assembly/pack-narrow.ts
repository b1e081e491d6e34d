// Panels of bytes: rows of uint8 by columns of int8, codes of the other signedness moved by 128, and what that and the zero
// points change about the sums:
//   sum (a - za) (b - zb) = sum a b - za * (sum b - k * zb) - zb * sum a,   a, b, za, zb of the moved codes
import { load8, sumOf } from './codes';
import { COLUMNS, COLUMNS_STEP, ROW_FOUR, ROWS, ROWS_FOUR, ROWS_STEP, stepsOf } from './tile';

/** Of each panel, before its steps: sum b - k * zb, and zb, of eight columns. */
const HEAD: usize = 64;

/** Bytes of a panel of eight columns. */
@inline
export function panelBytes(k: i32): usize {
  return HEAD + <usize>stepsOf<u8>(k) * COLUMNS_STEP;
}

/** Where the steps of a panel begin. */
@inline
export function stepsAt(panel: usize): usize {
  return panel + HEAD;
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
  const moved = signed ? 0 : 128;
  for (let j = 0; j < n; j++) {
    const z = load8(zeroEach ? zero + j : zero, signed) - moved;
    const head = to + <usize>(j / COLUMNS) * panelBytes(k) + (<usize>(j % COLUMNS) << 2);
    let from = b + <usize>j * nStep;
    let sum = 0;
    for (let i = 0; i < k; i++) {
      const code = load8(from, signed) - moved;
      sum += code;
      store<i8>(head + HEAD + <usize>(i >> 2) * COLUMNS_STEP + (i & 3), <i8>code);
      from += kStep;
    }
    store<i32>(head, sum - k * z);
    store<i32>(head, z, 32);
  }
}

/** Packs up to six rows of A and, at `sums`, what their elements sum up to; what is behind them, and behind K, is 0. */
export function packRows(a: usize, lda: usize, rows: i32, k: i32, signed: bool, to: usize, sums: usize): void {
  const moved: i32 = signed ? 128 : 0;
  const flip = i8x16.splat(<i8>moved);
  const steps = stepsOf<u8>(k);
  if (rows < ROWS) memory.fill(to, 0, <usize>steps * ROWS_STEP);
  for (let r = 0; r < rows; r++) {
    let at = to + <usize>r * ROW_FOUR;
    let total = i32x4.splat(0);
    let i = 0;
    for (; i + 16 <= k; i += 16) {
      const codes = v128.xor(v128.load(a + i), flip);
      total = i32x4.add(total, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(codes)));
      v128.store(at, codes);
      at += ROWS_FOUR;
    }
    let sum = sumOf(total);
    if (i < k) {
      v128.store(at, i32x4.splat(0));
      for (let e = 0; e < k - i; e++) {
        const code = load8(a + i + e, signed) + moved;
        sum += code;
        store<u8>(at + e, <u8>code);
      }
    }
    store<i32>(sums + (<usize>r << 2), sum);
    a += lda;
  }
}

/** For columns [0, n): what the zero point of A changes, with what is added to sums anyway, to `to`, an int32 a column. */
export function offsets(b: usize, k: i32, n: i32, zero: i32, signed: bool, added: usize, to: usize): void {
  const zeros = i32x4.splat(zero + (signed ? 128 : 0));
  for (let j = 0; j < n; j += COLUMNS) {
    for (let half: usize = 0; half < 32; half += 16) {
      const term = i32x4.mul(zeros, v128.load(b + half));
      v128.store(to + half, i32x4.neg(term));
    }
    if (added) {
      for (let e = 0; e < min(COLUMNS, n - j); e++) {
        const at = <usize>e << 2;
        store<i32>(to + at, load<i32>(to + at) + load<i32>(added + at));
      }
      added += 32;
    }
    b += panelBytes(k);
    to += 32;
  }
}

/** What the zero points of the columns of a panel change about `rows` rows of sums [8]. */
@inline
export function correct(panel: usize, rowSums: usize, sums: usize, rows: i32): void {
  const z0 = v128.load(panel, 32), z1 = v128.load(panel, 48);
  if (!v128.any_true(v128.or(z0, z1))) return;
  for (let r = 0; r < rows; r++) {
    const sum = v128.load32_splat(rowSums + (<usize>r << 2)), at = sums + (<usize>r << 5);
    v128.store(at, i32x4.sub(v128.load(at), i32x4.mul(sum, z0)));
    v128.store(at, i32x4.sub(v128.load(at, 16), i32x4.mul(sum, z1)), 16);
  }
}
