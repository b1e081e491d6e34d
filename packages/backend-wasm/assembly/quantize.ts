// y = saturate(roundHalfEven(x / scale) + zeroPoint), parameters of elements in the order [outer][channels][inner]
import { Elements, startOf } from './call';
import { codeOf, load4, load8, pack16, wholeOf } from './codes';

function one(x: usize, y: usize, n: usize, scale: f32, zero: i32, signed: bool): void {
  const first = signed ? -128 : 0;
  const lo = <f32>(first - zero), hi = <f32>(first + 255 - zero);
  const scales = f32x4.splat(scale), zeros = i32x4.splat(zero);
  const los = f32x4.splat(lo), his = f32x4.splat(hi);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + (i << 2);
    const a = i32x4.add(wholeOf(f32x4.div(v128.load(at), scales), los, his), zeros);
    const b = i32x4.add(wholeOf(f32x4.div(v128.load(at, 16), scales), los, his), zeros);
    const c = i32x4.add(wholeOf(f32x4.div(v128.load(at, 32), scales), los, his), zeros);
    const d = i32x4.add(wholeOf(f32x4.div(v128.load(at, 48), scales), los, his), zeros);
    v128.store(y + i, pack16(a, b, c, d, signed));
  }
  for (; i < n; i++) store<u8>(y + i, <u8>codeOf(load<f32>(x + (i << 2)) / scale, lo, hi, zero));
}

/** Neighbours that each have their own parameters. */
function each(x: usize, y: usize, n: usize, scale: usize, zero: usize, signed: bool): void {
  const first = signed ? -128 : 0;
  const lowest = i32x4.splat(first), highest = i32x4.splat(first + 255);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const zeros = load4(zero + i, signed);
    const los = f32x4.convert_i32x4_s(i32x4.sub(lowest, zeros));
    const his = f32x4.convert_i32x4_s(i32x4.sub(highest, zeros));
    const t = f32x4.div(v128.load(x + (i << 2)), v128.load(scale + (i << 2)));
    const codes = i32x4.add(wholeOf(t, los, his), zeros);
    v128.store32_lane(y + i, pack16(codes, codes, codes, codes, signed), 0);
  }
  for (; i < n; i++) {
    const z = load8(zero + i, signed);
    const t = load<f32>(x + (i << 2)) / load<f32>(scale + (i << 2));
    store<u8>(y + i, <u8>codeOf(t, <f32>(first - z), <f32>(first + 255 - z), z));
  }
}

export function quantize(call: Elements, part: i32): void {
  const signed = call.codes == 1;
  if (call.channels == 1) {
    const count = call.outer * call.inner;
    const from = <usize>startOf(count, 16, part, call.parts), to = <usize>startOf(count, 16, part + 1, call.parts);
    one(
      call.x + (from << 2),
      call.y + from,
      to - from,
      load<f32>(call.scale),
      load8(call.zero, signed),
      signed,
    );
    return;
  }
  const alone = call.inner == 1;
  const rows = alone ? call.outer : call.outer * call.channels;
  const size = <usize>(alone ? call.channels : call.inner);
  const last = startOf(rows, 1, part + 1, call.parts);
  for (let row = startOf(rows, 1, part, call.parts); row < last; row++) {
    const at = <usize>row * size;
    const c = row % call.channels;
    if (alone) each(call.x + (at << 2), call.y + at, size, call.scale, call.zero, signed);
    else
      one(
        call.x + (at << 2),
        call.y + at,
        size,
        load<f32>(call.scale + ((<usize>c) << 2)),
        load8(call.zero + c, signed),
        signed,
      );
  }
}
