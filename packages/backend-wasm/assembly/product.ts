// What becomes of sums of products: y = fround(sum + bias) * multiplier as codes or floats, or the sums themselves.
import { Call } from './call';
import { codeOf, load8, pack16, wholeOf } from './codes';

// Outputs of a product.
@inline const UINT8 = 0;
@inline const INT8 = 1;
@inline const INT32 = 2;

@unmanaged
export class Product extends Call {
  y: usize;
  /** Int32 or float32 a column, or none: 0. */
  bias: usize;
  multiplier: usize;
  zeroPoint: usize;
  /** 0 uint8, 1 int8, 2 int32, 3 float32. */
  output: i32;
  floatBias: i32;
  multiplierEach: i32;
  lo: i32;
  hi: i32;
}

/** Bytes of an element of y. */
@inline
export function sizeOf(p: Product): usize {
  return p.output == UINT8 || p.output == INT8 ? 1 : 4;
}

/** The zero point of y, 0 where y has none. */
@inline
export function zeroOf(p: Product): i32 {
  return p.output == UINT8 || p.output == INT8 ? load8(p.zeroPoint, p.output == INT8) : 0;
}

/** Int32s that are added to sums: of column `first` on, or none. */
@inline
export function addedOf(p: Product, first: i32): usize {
  return p.bias && !p.floatBias ? p.bias + (<usize>first << 2) : 0;
}

/** Up to eight neighbouring columns from `first` on: `rows` rows of sums [8], to `y`; `added` has an int32 a column, or is 0. */
export function finish(p: Product, sums: usize, rows: i32, first: i32, count: i32, added: usize, y: usize, ldy: usize): void {
  const factor = p.multiplierEach ? p.multiplier + (<usize>first << 2) : p.multiplier;
  if (p.output == INT32) return whole(sums, rows, count, added, y, ldy);
  if (p.output != UINT8 && p.output != INT8) return floats(p, sums, rows, first, count, added, factor, y, ldy);
  const signed = p.output == INT8;
  const zero = load8(p.zeroPoint, signed);
  const lo = <f32>(p.lo - zero), hi = <f32>(p.hi - zero);
  if (count == 8) {
    const m0 = p.multiplierEach ? v128.load(factor) : v128.load32_splat(factor);
    const m1 = p.multiplierEach ? v128.load(factor, 16) : m0;
    const c0 = added ? v128.load(added) : i32x4.splat(0), c1 = added ? v128.load(added, 16) : i32x4.splat(0);
    const los = f32x4.splat(lo), his = f32x4.splat(hi), zeros = i32x4.splat(zero);
    for (let r = 0; r < rows; r++) {
      let a = i32x4.add(v128.load(sums), c0), b = i32x4.add(v128.load(sums, 16), c1);
      a = i32x4.add(wholeOf(f32x4.mul(f32x4.convert_i32x4_s(a), m0), los, his), zeros);
      b = i32x4.add(wholeOf(f32x4.mul(f32x4.convert_i32x4_s(b), m1), los, his), zeros);
      v128.store64_lane(y, pack16(a, b, a, b, signed), 0);
      sums += 32;
      y += ldy;
    }
    return;
  }
  for (let r = 0; r < rows; r++) {
    for (let j = 0; j < count; j++) {
      const at = <usize>j << 2;
      const sum = load<i32>(sums + at) + (added ? load<i32>(added + at) : 0);
      store<u8>(y + j, <u8>codeOf(<f32>sum * load<f32>(p.multiplierEach ? factor + at : factor), lo, hi, zero));
    }
    sums += 32;
    y += ldy;
  }
}

function whole(sums: usize, rows: i32, count: i32, added: usize, y: usize, ldy: usize): void {
  const c0 = added && count == 8 ? v128.load(added) : i32x4.splat(0);
  const c1 = added && count == 8 ? v128.load(added, 16) : i32x4.splat(0);
  for (let r = 0; r < rows; r++) {
    if (count == 8) {
      v128.store(y, i32x4.add(v128.load(sums), c0));
      v128.store(y, i32x4.add(v128.load(sums, 16), c1), 16);
    } else {
      for (let j = 0; j < count; j++) {
        const at = <usize>j << 2;
        store<i32>(y + at, load<i32>(sums + at) + (added ? load<i32>(added + at) : 0));
      }
    }
    sums += 32;
    y += ldy << 2;
  }
}

function floats(
  p: Product,
  sums: usize,
  rows: i32,
  first: i32,
  count: i32,
  added: usize,
  factor: usize,
  y: usize,
  ldy: usize,
): void {
  const bias = p.floatBias ? p.bias + (<usize>first << 2) : 0;
  for (let r = 0; r < rows; r++) {
    let j = 0;
    for (; j + 4 <= count; j += 4) {
      const at = <usize>j << 2;
      const sum = added ? i32x4.add(v128.load(sums + at), v128.load(added + at)) : v128.load(sums + at);
      const factors = p.multiplierEach ? v128.load(factor + at) : v128.load32_splat(factor);
      const t = f32x4.mul(f32x4.convert_i32x4_s(sum), factors);
      v128.store(y + at, bias ? f32x4.add(t, v128.load(bias + at)) : t);
    }
    for (; j < count; j++) {
      const at = <usize>j << 2;
      const sum = load<i32>(sums + at) + (added ? load<i32>(added + at) : 0);
      const t = <f32>sum * load<f32>(p.multiplierEach ? factor + at : factor);
      store<f32>(y + at, bias ? t + load<f32>(bias + at) : t);
    }
    sums += 32;
    y += ldy << 2;
  }
}
