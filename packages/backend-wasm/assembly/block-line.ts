// int8-block, one row by the records of a panel as they stand in memory: where rows are few, reading codes is the work.
import { HEAD, recordBytes, ZEROS } from './block-pack';
import { codeRowsBytes, depthOf, dot, ROWS_HEAD, ROWS_STEP, STEP, SUMS } from './block-codes';

/**
 * One row of `codeRows`, which is scaled, by eight columns, to y [8]. Nibbles are taken where they stand in a word of 16 bits:
 * 1, 16 and 256 times as large, which is what their rows are scaled for.
 */
export function codesLine(row: usize, b: usize, k: i32, block: i32, bits: i32, y: usize): void {
  const rowBytes = codeRowsBytes(block), record = recordBytes(block, bits);
  let y0 = f32x4.splat(0), y1 = f32x4.splat(0);
  for (let left = k; left > 0; left -= block) {
    let zeros = v128.load(b, ZEROS);
    if (!ASC_FEATURE_RELAXED_SIMD && bits == 4) zeros = i16x8.shl(zeros, 8);
    const sum = v128.load32_splat(row, SUMS);
    let s0 = i32x4.dot_i16x8_s(sum, i32x4.extend_low_i16x8_u(zeros));
    let s1 = i32x4.dot_i16x8_s(sum, i32x4.extend_high_i16x8_u(zeros));
    let t0 = i32x4.splat(0), t1 = i32x4.splat(0);
    let a = row + ROWS_HEAD, word = b + HEAD;
    const end = word + <usize>(depthOf(block, left) * bits);
    if (bits == 4 && ASC_FEATURE_RELAXED_SIMD) {
      const low = i8x16.splat(15);
      for (; word < end; word += STEP) {
        const w0 = v128.load(word), w1 = v128.load(word, 16), x0 = v128.load32_splat(a), x1 = v128.load32_splat(a, ROWS_STEP);
        s0 = dot(s0, x0, v128.and(w0, low));
        s1 = dot(s1, x0, v128.and(w1, low));
        t0 = dot(t0, x1, v128.and(i16x8.shr_u(w0, 4), low));
        t1 = dot(t1, x1, v128.and(i16x8.shr_u(w1, 4), low));
        a += ROWS_STEP * 2;
      }
    } else if (bits == 4) {
      const m0 = i16x8.splat(0x000f), m1 = i16x8.splat(0x00f0), m2 = i16x8.splat(0x0f00);
      for (; word < end; word += STEP) {
        const w0 = v128.load(word), w1 = v128.load(word, 16);
        let x = v128.load32_splat(a);
        s0 = dot(s0, x, v128.and(w0, m0));
        s1 = dot(s1, x, v128.and(w1, m0));
        x = v128.load32_splat(a, ROWS_STEP);
        t0 = dot(t0, x, v128.and(w0, m1));
        t1 = dot(t1, x, v128.and(w1, m1));
        x = v128.load32_splat(a, ROWS_STEP * 2);
        s0 = dot(s0, x, v128.and(w0, m2));
        s1 = dot(s1, x, v128.and(w1, m2));
        x = v128.load32_splat(a, ROWS_STEP * 3);
        t0 = dot(t0, x, i16x8.shr_u(w0, 12));
        t1 = dot(t1, x, i16x8.shr_u(w1, 12));
        a += ROWS_STEP * 4;
      }
    } else if (ASC_FEATURE_RELAXED_SIMD) {
      for (; word < end; word += STEP * 2) {
        const x0 = v128.load32_splat(a), x1 = v128.load32_splat(a, ROWS_STEP);
        s0 = dot(s0, x0, v128.load(word));
        s1 = dot(s1, x0, v128.load(word, 16));
        t0 = dot(t0, x1, v128.load(word, 32));
        t1 = dot(t1, x1, v128.load(word, 48));
        a += ROWS_STEP * 2;
      }
    } else {
      const low = i16x8.splat(0x00ff);
      for (; word < end; word += STEP) {
        const w0 = v128.load(word), w1 = v128.load(word, 16), x0 = v128.load32_splat(a), x1 = v128.load32_splat(a, ROWS_STEP);
        s0 = dot(s0, x0, v128.and(w0, low));
        s1 = dot(s1, x0, v128.and(w1, low));
        t0 = dot(t0, x1, i16x8.shr_u(w0, 8));
        t1 = dot(t1, x1, i16x8.shr_u(w1, 8));
        a += ROWS_STEP * 2;
      }
    }
    s0 = i32x4.add(s0, t0);
    s1 = i32x4.add(s1, t1);
    if (bits == 4 && !ASC_FEATURE_RELAXED_SIMD) {
      s0 = i32x4.shr_s(s0, 8);
      s1 = i32x4.shr_s(s1, 8);
    }
    const sa = v128.load32_splat(row);
    y0 = f32x4.add(y0, f32x4.mul(f32x4.convert_i32x4_s(s0), f32x4.mul(sa, v128.load(b))));
    y1 = f32x4.add(y1, f32x4.mul(f32x4.convert_i32x4_s(s1), f32x4.mul(sa, v128.load(b, 16))));
    row += rowBytes;
    b += record;
  }
  v128.store(y, y0);
  v128.store(y, y1, 16);
}
