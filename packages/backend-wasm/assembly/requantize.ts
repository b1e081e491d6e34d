// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zeroPoint), hi - zeroPoint)) + zeroPoint
import { Elements, startOf } from './call';
import { codeOf, load8, pack16, wholeOf } from './codes';

function one(x: usize, y: usize, n: usize, multiplier: f32, zero: i32, lo: f32, hi: f32, signed: bool): void {
  const multipliers = f32x4.splat(multiplier), zeros = i32x4.splat(zero);
  const los = f32x4.splat(lo), his = f32x4.splat(hi);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + (i << 2);
    const a = i32x4.add(
      wholeOf(f32x4.mul(f32x4.convert_i32x4_s(v128.load(at)), multipliers), los, his),
      zeros,
    );
    const b = i32x4.add(
      wholeOf(f32x4.mul(f32x4.convert_i32x4_s(v128.load(at, 16)), multipliers), los, his),
      zeros,
    );
    const c = i32x4.add(
      wholeOf(f32x4.mul(f32x4.convert_i32x4_s(v128.load(at, 32)), multipliers), los, his),
      zeros,
    );
    const d = i32x4.add(
      wholeOf(f32x4.mul(f32x4.convert_i32x4_s(v128.load(at, 48)), multipliers), los, his),
      zeros,
    );
    v128.store(y + i, pack16(a, b, c, d, signed));
  }
  for (; i < n; i++) store<u8>(y + i, <u8>codeOf(<f32>load<i32>(x + (i << 2)) * multiplier, lo, hi, zero));
}

function each(
  x: usize,
  y: usize,
  n: usize,
  multiplier: usize,
  zero: i32,
  lo: f32,
  hi: f32,
  signed: bool,
): void {
  const zeros = i32x4.splat(zero), los = f32x4.splat(lo), his = f32x4.splat(hi);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const at = i << 2;
    const t = f32x4.mul(f32x4.convert_i32x4_s(v128.load(x + at)), v128.load(multiplier + at));
    const codes = i32x4.add(wholeOf(t, los, his), zeros);
    v128.store32_lane(y + i, pack16(codes, codes, codes, codes, signed), 0);
  }
  for (; i < n; i++)
    store<u8>(
      y + i,
      <u8>codeOf(<f32>load<i32>(x + (i << 2)) * load<f32>(multiplier + (i << 2)), lo, hi, zero),
    );
}

/** `scale` has the multipliers, `zero` one code. */
export function requantize(call: Elements, part: i32): void {
  const signed = call.codes == 1;
  const zero = load8(call.zero, signed);
  const lo = <f32>(call.lo - zero), hi = <f32>(call.hi - zero);
  if (call.channels == 1) {
    const count = call.outer * call.inner;
    const from = <usize>startOf(count, 16, part, call.parts), to = <usize>startOf(count, 16, part + 1, call.parts);
    one(call.x + (from << 2), call.y + from, to - from, load<f32>(call.scale), zero, lo, hi, signed);
    return;
  }
  const alone = call.inner == 1;
  const rows = alone ? call.outer : call.outer * call.channels;
  const size = <usize>(alone ? call.channels : call.inner);
  const last = startOf(rows, 1, part + 1, call.parts);
  for (let row = startOf(rows, 1, part, call.parts); row < last; row++) {
    const at = <usize>row * size;
    const scale = call.scale + ((<usize>(row % call.channels)) << 2);
    if (alone) each(call.x + (at << 2), call.y + at, size, call.scale, zero, lo, hi, signed);
    else one(call.x + (at << 2), call.y + at, size, load<f32>(scale), zero, lo, hi, signed);
  }
}
