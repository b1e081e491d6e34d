// qadd: t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)). qmul: t = fround(fround((a - za) * (b - zb) * m) + zy).
// y = saturate(roundHalfEven(t)). lut256: y = table[x].
import { Call, startOf } from './call';
import { codeOf, load4, load8, pack16, wholeOf } from './codes';

@inline
function floats4(at: usize, step: i32, i: usize, signed: bool): v128 {
  return step ? load4(at + i, signed) : i32x4.splat(load8(at, signed));
}

@inline
function sumOf(
  a: usize,
  aStep: i32,
  b: usize,
  bStep: i32,
  i: usize,
  ra: v128,
  rb: v128,
  c0: v128,
  lo: v128,
  hi: v128,
  signed: bool,
): v128 {
  const p = f32x4.mul(f32x4.convert_i32x4_s(floats4(a, aStep, i, signed)), ra);
  const q = f32x4.mul(f32x4.convert_i32x4_s(floats4(b, bStep, i, signed)), rb);
  return wholeOf(f32x4.add(f32x4.add(c0, p), q), lo, hi);
}

/** factors: ra, rb, c0. A step of 0 is an operand of one code. */
function sumRun(
  a: usize,
  aStep: i32,
  b: usize,
  bStep: i32,
  y: usize,
  n: usize,
  factors: usize,
  lo: f32,
  hi: f32,
  signed: bool,
): void {
  const ra = load<f32>(factors), rb = load<f32>(factors, 4), c0 = load<f32>(factors, 8);
  const ras = f32x4.splat(ra), rbs = f32x4.splat(rb), c0s = f32x4.splat(c0), los = f32x4.splat(lo), his = f32x4.splat(hi);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const c = sumOf(a, aStep, b, bStep, i, ras, rbs, c0s, los, his, signed);
    const d = sumOf(a, aStep, b, bStep, i + 4, ras, rbs, c0s, los, his, signed);
    const e = sumOf(a, aStep, b, bStep, i + 8, ras, rbs, c0s, los, his, signed);
    const f = sumOf(a, aStep, b, bStep, i + 12, ras, rbs, c0s, los, his, signed);
    v128.store(y + i, pack16(c, d, e, f, signed));
  }
  for (; i + 4 <= n; i += 4) {
    const codes = sumOf(a, aStep, b, bStep, i, ras, rbs, c0s, los, his, signed);
    v128.store32_lane(y + i, pack16(codes, codes, codes, codes, signed), 0);
  }
  for (; i < n; i++) {
    const p = <f32>load8(a + i * <usize>aStep, signed) * ra, q = <f32>load8(b + i * <usize>bStep, signed) * rb;
    store<u8>(y + i, <u8>codeOf(c0 + p + q, lo, hi, 0));
  }
}

@inline
function productOf(
  a: usize,
  aStep: i32,
  b: usize,
  bStep: i32,
  i: usize,
  za: v128,
  zb: v128,
  m: v128,
  zy: v128,
  lo: v128,
  hi: v128,
  signed: bool,
): v128 {
  const p = i32x4.sub(floats4(a, aStep, i, signed), za), q = i32x4.sub(floats4(b, bStep, i, signed), zb);
  return wholeOf(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(i32x4.mul(p, q)), m), zy), lo, hi);
}

/** factors: za, zb, zy, m. */
function productRun(
  a: usize,
  aStep: i32,
  b: usize,
  bStep: i32,
  y: usize,
  n: usize,
  factors: usize,
  lo: f32,
  hi: f32,
  signed: bool,
): void {
  const za = <i32>load<f32>(factors), zb = <i32>load<f32>(factors, 4), zy = load<f32>(factors, 8), m = load<f32>(factors, 12);
  const zas = i32x4.splat(za), zbs = i32x4.splat(zb), zys = f32x4.splat(zy), ms = f32x4.splat(m);
  const los = f32x4.splat(lo), his = f32x4.splat(hi);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const c = productOf(a, aStep, b, bStep, i, zas, zbs, ms, zys, los, his, signed);
    const d = productOf(a, aStep, b, bStep, i + 4, zas, zbs, ms, zys, los, his, signed);
    const e = productOf(a, aStep, b, bStep, i + 8, zas, zbs, ms, zys, los, his, signed);
    const f = productOf(a, aStep, b, bStep, i + 12, zas, zbs, ms, zys, los, his, signed);
    v128.store(y + i, pack16(c, d, e, f, signed));
  }
  for (; i + 4 <= n; i += 4) {
    const codes = productOf(a, aStep, b, bStep, i, zas, zbs, ms, zys, los, his, signed);
    v128.store32_lane(y + i, pack16(codes, codes, codes, codes, signed), 0);
  }
  for (; i < n; i++) {
    const p = load8(a + i * <usize>aStep, signed) - za, q = load8(b + i * <usize>bStep, signed) - zb;
    store<u8>(y + i, <u8>codeOf(<f32>(p * q) * m + zy, lo, hi, 0));
  }
}

/** Codes by codes. */
@unmanaged
export class Pairs extends Call {
  a: usize;
  b: usize;
  y: usize;
  factors: usize;
  /** Runs of y, one after the other: where a and b begin and their steps, which are 0 or 1, and how many codes. */
  runs: usize;
  count: i32;
  lo: i32;
  hi: i32;
  signed: i32;
}

export function qadd(call: Pairs): void {
  let y = call.y, run = call.runs;
  for (let i = 0; i < call.count; i++) {
    const a = call.a + load<u32>(run), b = call.b + load<u32>(run, 8), n = load<u32>(run, 16);
    sumRun(a, load<i32>(run, 4), b, load<i32>(run, 12), y, n, call.factors, <f32>call.lo, <f32>call.hi, call.signed != 0);
    y += n;
    run += 20;
  }
}

export function qmul(call: Pairs): void {
  let y = call.y, run = call.runs;
  for (let i = 0; i < call.count; i++) {
    const a = call.a + load<u32>(run), b = call.b + load<u32>(run, 8), n = load<u32>(run, 16);
    productRun(a, load<i32>(run, 4), b, load<i32>(run, 12), y, n, call.factors, <f32>call.lo, <f32>call.hi, call.signed != 0);
    y += n;
    run += 20;
  }
}

@unmanaged
export class Lookup extends Call {
  x: usize;
  /** Begins with the lowest code. */
  table: usize;
  y: usize;
  count: i32;
  signed: i32;
}

export function lookup(call: Lookup, part: i32): void {
  const first = <usize>startOf(call.count, 64, part, call.parts), last = <usize>startOf(call.count, 64, part + 1, call.parts);
  if (call.signed) entries<i8>(call.table + 128, call.x + first, call.y + first, last - first);
  else entries<u8>(call.table, call.x + first, call.y + first, last - first);
}

/** `table` is the entry of code 0. */
@inline
function entries<T>(table: usize, x: usize, y: usize, n: usize): void {
  const end = x + n;
  for (; x + 8 <= end; x += 8) {
    store<u8>(y, load<u8>(table + <i32>load<T>(x)));
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 1)), 1);
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 2)), 2);
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 3)), 3);
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 4)), 4);
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 5)), 5);
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 6)), 6);
    store<u8>(y, load<u8>(table + <i32>load<T>(x, 7)), 7);
    y += 8;
  }
  for (; x < end; x++) store<u8>(y++, load<u8>(table + <i32>load<T>(x)));
}
