// y[i, j] = sum over k of a[i, k] * (code[k, j] - zeroPoint[t, j]) * scale[t, j] + bias[j],   t = floor(k / block)
//
// Rows of A, some at a time, become what kernels read; then panels of eight columns pass, each made ready once for all of them.
import { Call, startOf } from './call';
import { codeColumns, codeColumnsBytes, codeRows, codeRowsBytes, codesTile, ROWS, ROWS_STEP, STEP } from './block-codes';
import { floatColumns, floatRows, floatsLine, floatsTile } from './block-floats';
import { codesLine } from './block-line';
import { blocksOf, COLUMNS, recordBytes } from './block-pack';

/** Bytes of rows that are ready: they stay in the second cache. */
const READY: usize = 256 << 10;
/** So few rows read a panel as it is packed; for more it is made ready. */
const FEW = 2;
/** Bytes of a tile of sums, and of what floats need beside it. */
const TILE: usize = 128;
const ROOM: usize = TILE + 384;

@unmanaged
export class BlockGemm extends Call {
  a: usize;
  /** Packed weights. */
  b: usize;
  /** Float32 a column, or none: 0. */
  bias: usize;
  y: usize;
  /** `blockScratchBytes` for each part. */
  scratch: usize;
  m: i32;
  n: i32;
  k: i32;
  block: i32;
  bits: i32;
  /** Whether A stays float. */
  floats: i32;
}

@inline
function rowsBytes(k: i32, block: i32, floats: i32): usize {
  return floats ? <usize>((k + 7) & ~7) * ROWS_STEP : <usize>blocksOf(k, block) * codeRowsBytes(block);
}

@inline
function columnsBytes(k: i32, block: i32, floats: i32): usize {
  return floats ? <usize>((k + 7) & ~7) * STEP : <usize>blocksOf(k, block) * codeColumnsBytes(block);
}

/** Blocks of four rows that are ready at a time. */
function readyAtOnce(m: i32, k: i32, block: i32, floats: i32): i32 {
  return min((m + ROWS - 1) / ROWS, max(1, <i32>(READY / max<usize>(1, rowsBytes(k, block, floats)))));
}

export function blockScratchBytes(m: i32, k: i32, block: i32, floats: i32): usize {
  return ROOM + columnsBytes(k, block, floats) + <usize>readyAtOnce(m, k, block, floats) * rowsBytes(k, block, floats);
}

/** Parts have rows where there are enough of them, else columns. */
export function blockGemm(call: BlockGemm, part: i32): void {
  const m = call.m, n = call.n, k = call.k, block = call.block, bits = call.bits, floats = call.floats, parts = call.parts;
  const byRows = m >= 2 * ROWS * parts;
  const top = byRows ? startOf(m, ROWS, part, parts) : 0, bottom = byRows ? startOf(m, ROWS, part + 1, parts) : m;
  const first = byRows ? 0 : startOf(n, COLUMNS, part, parts), last = byRows ? n : startOf(n, COLUMNS, part + 1, parts);
  const tile = call.scratch + <usize>part * blockScratchBytes(m, k, block, floats);
  const columns = tile + ROOM, rows = columns + columnsBytes(k, block, floats);
  const rowBytes = rowsBytes(k, block, floats), panel = <usize>blocksOf(k, block) * recordBytes(block, bits);
  const atOnce = readyAtOnce(m, k, block, floats) * ROWS;
  // There bytes are operands as they stand.
  const asPacked = ASC_FEATURE_RELAXED_SIMD && bits == 8 && !floats;
  for (let from = top; from < bottom; from += atOnce) {
    const end = min(bottom, from + atOnce);
    for (let i = from, to = rows; i < end; i += ROWS, to += rowBytes) {
      const a = call.a + ((<usize>i * <usize>k) << 2), count = min(ROWS, end - i);
      if (floats) floatRows(a, count, k, to);
      else codeRows(a, count, k, block, bits == 4 && count <= FEW, to);
    }
    for (let j = first; j < last; j += COLUMNS) {
      const b = call.b + <usize>(j / COLUMNS) * panel;
      const width = min(COLUMNS, last - j);
      if (end - from > FEW) {
        if (floats) floatColumns(b, k, block, bits, columns);
        else if (!asPacked) codeColumns(b, k, block, bits, columns);
      }
      for (let i = from, row = rows; i < end; i += ROWS, row += rowBytes) {
        const count = min(ROWS, end - i);
        if (count > FEW) {
          if (floats) floatsTile(row, columns, k, tile, tile + TILE);
          else codesTile(row, asPacked ? b : columns, k, block, tile);
        } else {
          for (let r = 0; r < count; r++) {
            if (floats) floatsLine(row + (<usize>r << 2), b, k, block, bits, tile + (<usize>r << 5));
            else codesLine(row + (<usize>r << 2), b, k, block, bits, tile + (<usize>r << 5));
          }
        }
        finish(call, tile, count, i, j, width);
      }
    }
  }
}

/** Sums [8] of `rows` rows, with their bias, to y. */
@inline
function finish(call: BlockGemm, sums: usize, rows: i32, i: i32, j: i32, width: i32): void {
  const bias = call.bias ? call.bias + (<usize>j << 2) : 0;
  let y = call.y + ((<usize>i * <usize>call.n + <usize>j) << 2);
  for (let r = 0; r < rows; r++) {
    if (width == COLUMNS) {
      const low = v128.load(sums), high = v128.load(sums, 16);
      v128.store(y, bias ? f32x4.add(low, v128.load(bias)) : low);
      v128.store(y, bias ? f32x4.add(high, v128.load(bias, 16)) : high, 16);
    } else {
      for (let e: usize = 0; e < <usize>width << 2; e += 4) {
        const sum = load<f32>(sums + e);
        store<f32>(y + e, bias ? sum + load<f32>(bias + e) : sum);
      }
    }
    sums += 32;
    y += <usize>call.n << 2;
  }
}
