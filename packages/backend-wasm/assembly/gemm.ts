// acc[i, j] = sum over k of (a[i, k] - aZeroPoint) * (b[k, j] - bZeroPoint[j])   modulo 2^32, and its way out
//
// B is packed once, in panels of eight columns; six rows of A at a time into scratch.
import { Call, startOf } from './call';
import { load8 } from './codes';
import * as narrow from './pack-narrow';
import * as wide from './pack-wide';
import { addedOf, finish, Product, sizeOf } from './product';
import { COLUMNS, ROWS, ROWS_STEP, stepsOf, sumsOf } from './tile';

/** Columns of so many bytes stay in the second cache while all rows pass by. */
const CACHED: usize = 512 << 10;
/** Bytes of a block of sums, and of the sums of six rows. */
const SUMS: usize = 192;
const ROW_SUMS: usize = 32;

@inline
function panelBytes(k: i32): usize {
  return ASC_FEATURE_RELAXED_SIMD ? narrow.panelBytes(k) : wide.panelBytes(k);
}

/** Bytes of a packed B of k x n. */
export function packedBytes(k: i32, n: i32): usize {
  return <usize>((n + COLUMNS - 1) / COLUMNS) * panelBytes(k);
}

/** Bytes of scratch for a product of n columns. */
export function scratchBytes(k: i32, n: i32): usize {
  const rows = ASC_FEATURE_RELAXED_SIMD ? stepsOf<u8>(k) : stepsOf<i16>(k);
  const offsets: usize = ASC_FEATURE_RELAXED_SIMD ? (<usize>n + COLUMNS) << 2 : 0;
  return SUMS + ROW_SUMS + <usize>rows * ROWS_STEP + offsets;
}

@unmanaged
export class Pack extends Call {
  b: usize;
  zero: usize;
  to: usize;
  /** Matrices [k, n], or [n, k] where they are transposed, one behind the other. */
  count: i32;
  k: i32;
  n: i32;
  transposed: i32;
  signed: i32;
  /** A zero point for each column, or one. */
  zeroEach: i32;
  /** From one matrix to the next in zero points: 0 or n. */
  zeroStep: i32;
}

export function pack(call: Pack): void {
  const bytes = packedBytes(call.k, call.n);
  memory.fill(call.to, 0, bytes * call.count);
  for (let i = 0; i < call.count; i++) {
    const b = call.b + <usize>i * <usize>call.k * <usize>call.n, to = call.to + <usize>i * bytes;
    const zero = call.zero + <usize>(i * call.zeroStep);
    const each = call.zeroEach != 0, transposed = call.transposed != 0, signed = call.signed != 0;
    if (ASC_FEATURE_RELAXED_SIMD) narrow.packColumns(b, zero, each, to, call.k, call.n, transposed, signed);
    else wide.packColumns(b, zero, each, to, call.k, call.n, transposed, signed);
  }
}

@unmanaged
export class Gemm extends Product {
  a: usize;
  aZeroPoint: usize;
  b: usize;
  /** `scratchBytes` for each part. */
  scratch: usize;
  batch: i32;
  m: i32;
  n: i32;
  k: i32;
  aSigned: i32;
}

/** Parts have rows where there are enough of them, else columns. */
export function gemm(call: Gemm, part: i32): void {
  const m = call.m, n = call.n, k = call.k, parts = call.parts;
  const signed = call.aSigned != 0, zero = load8(call.aZeroPoint, signed);
  const byRows = m >= 2 * ROWS * parts;
  const top = byRows ? startOf(m, ROWS, part, parts) : 0, bottom = byRows ? startOf(m, ROWS, part + 1, parts) : m;
  const first = byRows ? 0 : startOf(n, COLUMNS, part, parts), last = byRows ? n : startOf(n, COLUMNS, part + 1, parts);
  const scratch = call.scratch + <usize>part * scratchBytes(k, n);
  const size = sizeOf(call);
  for (let i = 0; i < call.batch; i++) {
    const row = <usize>i * <usize>m + <usize>top;
    const a = call.a + row * <usize>k, b = call.b + <usize>i * packedBytes(k, n), y = call.y + row * <usize>n * size;
    multiply(call, a, k, zero, signed, b, y, n, bottom - top, k, 0, first, last, scratch);
  }
}

/**
 * Rows [0, m) of A by columns [first, last) of packed B, to y [m][ldy], which begins with column 0; first is a multiple of
 * eight. Column 0 is column `column` of bias and multiplier.
 */
export function multiply(
  p: Product,
  a: usize,
  lda: usize,
  aZero: i32,
  aSigned: bool,
  b: usize,
  y: usize,
  ldy: usize,
  m: i32,
  k: i32,
  column: i32,
  first: i32,
  last: i32,
  scratch: usize,
): void {
  const panel = panelBytes(k);
  const steps = ASC_FEATURE_RELAXED_SIMD ? stepsOf<u8>(k) : stepsOf<i16>(k);
  const sums = scratch, rowSums = sums + SUMS, rows = rowSums + ROW_SUMS;
  let added = addedOf(p, column + first);
  if (ASC_FEATURE_RELAXED_SIMD) {
    const offsets = rows + <usize>steps * ROWS_STEP;
    narrow.offsets(b + <usize>(first / COLUMNS) * panel, k, last - first, aZero, aSigned, added, offsets);
    added = offsets;
  }
  const size = sizeOf(p);
  // With few rows there is nothing to keep columns for.
  const chunk = m <= ROWS ? last - first : max(COLUMNS, <i32>(CACHED / max<usize>(panel, 1)) * COLUMNS);
  for (let from = first; from < last; from += chunk) {
    const end = min(last, from + chunk);
    for (let i = 0; i < m; i += ROWS) {
      const count = min(ROWS, m - i);
      const at = a + <usize>i * lda;
      if (ASC_FEATURE_RELAXED_SIMD) narrow.packRows(at, lda, count, k, aSigned, rows, rowSums);
      else wide.packRows(at, lda, count, k, aZero, aSigned, rows);
      for (let j = from; j < end; j += COLUMNS) {
        const columns = b + <usize>(j / COLUMNS) * panel;
        if (ASC_FEATURE_RELAXED_SIMD) {
          sumsOf<u8>(rows, narrow.stepsAt(columns), sums, steps, count);
          narrow.correct(columns, rowSums, sums, count);
        } else sumsOf<i16>(rows, columns, sums, steps, count);
        const place = y + (<usize>i * ldy + <usize>j) * size;
        const offset = added ? added + (<usize>(j - first) << 2) : 0;
        finish(p, sums, count, column + j, min(COLUMNS, end - j), offset, place, ldy);
      }
    }
  }
}
