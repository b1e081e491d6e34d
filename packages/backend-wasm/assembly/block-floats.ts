// dequant-f32: weights become floats. Eight products are added in a chain, six chains to a piece, pieces in double: of the 16
// roundings of 2^-24 that the bound allows a sum, a tile takes 15 and a line 15, the weight's, the bias's and the result's among
// them.
import { COLUMNS, HEAD, recordBytes, shiftOf, ZEROS } from './block-pack';
import { depthOf, ROWS, ROWS_STEP, STEP } from './block-codes';

/** Bytes of the columns of a chain, and of a piece. */
@inline
const CHAIN: usize = STEP * 8;
@inline
const PIECE: usize = CHAIN * 6;

/** Bytes of a tile of sums. */
@inline
const TILE: usize = 128;

/** Up to four rows of A as [k][row], filled up with zeros to whole chains. */
export function floatRows(a: usize, rows: i32, k: i32, to: usize): void {
  const depth = (k + 7) & ~7;
  if (rows < ROWS || depth > k) memory.fill(to, 0, <usize>depth * ROWS_STEP);
  for (let r = 0; r < rows; r++) {
    let at = to + (<usize>r << 2);
    for (const end = a + (<usize>k << 2); a < end; a += 4) {
      store<f32>(at, load<f32>(a));
      at += ROWS_STEP;
    }
  }
}

/** Weights of a panel as [k][column], to whole chains. */
export function floatColumns(b: usize, k: i32, block: i32, bits: i32, to: usize): void {
  const mask = i32x4.splat((1 << bits) - 1), group = 32 / bits;
  for (let left = k; left > 0; left -= block) {
    const zeros = v128.load(b, ZEROS), c0 = v128.load(b), c1 = v128.load(b, 16);
    const z0 = i32x4.extend_low_i16x8_s(zeros), z1 = i32x4.extend_high_i16x8_s(zeros);
    let word = b + HEAD;
    for (const end = to + <usize>depthOf(block, left) * STEP; to < end; ) {
      const w0 = v128.load(word), w1 = v128.load(word, 16);
      for (let e = 0; e < group; e++) {
        const shift = shiftOf(e, bits);
        const x0 = i32x4.sub(v128.and(i32x4.shr_u(w0, shift), mask), z0);
        const x1 = i32x4.sub(v128.and(i32x4.shr_u(w1, shift), mask), z1);
        v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(x0), c0));
        v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(x1), c1), 16);
        to += STEP;
      }
      word += STEP;
    }
    b += recordBytes(block, bits);
  }
}

/** sum + a * b; the bound is kept with one rounding and with two. */
@inline
function addProduct(sum: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b));
}

@inline
function addIn(at: usize, x: v128): void {
  v128.store(at, f32x4.add(v128.load(at), x));
}

@inline
function high(x: v128): v128 {
  return i64x2.shuffle(x, x, 1, 1);
}

/** Four rows by eight columns, to y [4][8]; `room` has 384 bytes. */
export function floatsTile(a: usize, b: usize, k: i32, y: usize, room: usize): void {
  const sums = room + TILE;
  memory.fill(sums, 0, TILE * 2);
  const last = b + <usize>((k + 7) & ~7) * STEP;
  while (b < last) {
    memory.fill(room, 0, TILE);
    for (const piece = min(last, b + PIECE); b < piece; ) {
      let s00 = f32x4.splat(0), s01 = f32x4.splat(0), s10 = f32x4.splat(0), s11 = f32x4.splat(0);
      let s20 = f32x4.splat(0), s21 = f32x4.splat(0), s30 = f32x4.splat(0), s31 = f32x4.splat(0);
      for (const chain = b + CHAIN; b < chain; b += STEP) {
        const b0 = v128.load(b), b1 = v128.load(b, 16);
        let x = v128.load32_splat(a);
        s00 = addProduct(s00, x, b0);
        s01 = addProduct(s01, x, b1);
        x = v128.load32_splat(a, 4);
        s10 = addProduct(s10, x, b0);
        s11 = addProduct(s11, x, b1);
        x = v128.load32_splat(a, 8);
        s20 = addProduct(s20, x, b0);
        s21 = addProduct(s21, x, b1);
        x = v128.load32_splat(a, 12);
        s30 = addProduct(s30, x, b0);
        s31 = addProduct(s31, x, b1);
        a += ROWS_STEP;
      }
      addIn(room, s00);
      addIn(room + 16, s01);
      addIn(room + 32, s10);
      addIn(room + 48, s11);
      addIn(room + 64, s20);
      addIn(room + 80, s21);
      addIn(room + 96, s30);
      addIn(room + 112, s31);
    }
    for (let at: usize = 0; at < TILE; at += 16) {
      const x = v128.load(room + at), to = sums + (at << 1);
      v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(x)));
      v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(high(x))), 16);
    }
  }
  for (let at: usize = 0; at < TILE; at += 16) {
    const from = sums + (at << 1);
    v128.store(y + at, rounded(v128.load(from), v128.load(from, 16)));
  }
}

/** Four doubles as floats. */
@inline
function rounded(low: v128, high: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** Weights of the element `e` of a group, without their scales. */
@inline
function centred(word: v128, e: i32, bits: i32, mask: v128, zeros: v128): v128 {
  return f32x4.sub(f32x4.convert_i32x4_s(v128.and(i32x4.shr_u(word, shiftOf(e, bits)), mask)), zeros);
}

/** One row of `floatRows` by the records of a panel, to y [8]: each weight is made where it is used. */
export function floatsLine(a: usize, b: usize, k: i32, block: i32, bits: i32, y: usize): void {
  if (bits == 4) line(a, b, k, block, 4, y);
  else line(a, b, k, block, 8, y);
}

@inline
function line(a: usize, b: usize, k: i32, block: i32, bits: i32, y: usize): void {
  const mask = i32x4.splat((1 << bits) - 1);
  let d0 = f64x2.splat(0), d1 = f64x2.splat(0), d2 = f64x2.splat(0), d3 = f64x2.splat(0);
  for (let left = k; left > 0; left -= block) {
    const zeros = v128.load(b, ZEROS);
    const z0 = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(zeros));
    const z1 = f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(zeros));
    let word = b + HEAD;
    for (const end = word + <usize>(depthOf(block, left) * bits); word < end; ) {
      let p0 = f32x4.splat(0), p1 = f32x4.splat(0);
      // A chain has as many bytes of words as its bits take.
      for (const piece = min(end, word + <usize>(32 * bits)); word < piece; ) {
        let w0 = v128.load(word), w1 = v128.load(word, 16);
        let x = v128.load32_splat(a);
        let s0 = f32x4.mul(x, centred(w0, 0, bits, mask, z0)), s1 = f32x4.mul(x, centred(w1, 0, bits, mask, z1));
        x = v128.load32_splat(a, ROWS_STEP);
        s0 = addProduct(s0, x, centred(w0, 1, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, 1, bits, mask, z1));
        x = v128.load32_splat(a, ROWS_STEP * 2);
        s0 = addProduct(s0, x, centred(w0, 2, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, 2, bits, mask, z1));
        x = v128.load32_splat(a, ROWS_STEP * 3);
        s0 = addProduct(s0, x, centred(w0, 3, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, 3, bits, mask, z1));
        // Four codes of 8 bits are a word.
        const rest = bits == 8 ? 0 : 4;
        if (bits == 8) {
          word += STEP;
          w0 = v128.load(word);
          w1 = v128.load(word, 16);
        }
        x = v128.load32_splat(a, ROWS_STEP * 4);
        s0 = addProduct(s0, x, centred(w0, rest, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, rest, bits, mask, z1));
        x = v128.load32_splat(a, ROWS_STEP * 5);
        s0 = addProduct(s0, x, centred(w0, rest + 1, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, rest + 1, bits, mask, z1));
        x = v128.load32_splat(a, ROWS_STEP * 6);
        s0 = addProduct(s0, x, centred(w0, rest + 2, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, rest + 2, bits, mask, z1));
        x = v128.load32_splat(a, ROWS_STEP * 7);
        s0 = addProduct(s0, x, centred(w0, rest + 3, bits, mask, z0));
        s1 = addProduct(s1, x, centred(w1, rest + 3, bits, mask, z1));
        a += ROWS_STEP * 8;
        word += STEP;
        p0 = f32x4.add(p0, s0);
        p1 = f32x4.add(p1, s1);
      }
      p0 = f32x4.mul(p0, v128.load(b));
      p1 = f32x4.mul(p1, v128.load(b, 16));
      d0 = f64x2.add(d0, f64x2.promote_low_f32x4(p0));
      d1 = f64x2.add(d1, f64x2.promote_low_f32x4(high(p0)));
      d2 = f64x2.add(d2, f64x2.promote_low_f32x4(p1));
      d3 = f64x2.add(d3, f64x2.promote_low_f32x4(high(p1)));
    }
    b += recordBytes(block, bits);
  }
  v128.store(y, rounded(d0, d1));
  v128.store(y, rounded(d2, d3), 16);
}
