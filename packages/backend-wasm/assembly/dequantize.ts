// y = fround(fround(x - zeroPoint) * scale), parameters of elements in the order [outer][channels][inner]; int32 has no zero
// point
import { bytesOf, Elements, startOf } from './call';
import { load4, load8 } from './codes';

const S32: i32 = 2;

@inline
function four(x: usize, i: usize, kind: i32): v128 {
  return kind == S32 ? v128.load(x + (i << 2)) : load4(x + i, kind == 1);
}

@inline
function single(x: usize, i: usize, kind: i32): i32 {
  return kind == S32 ? load<i32>(x + (i << 2)) : load8(x + i, kind == 1);
}

@inline
function one(x: usize, y: usize, n: usize, scale: f32, zero: i32, kind: i32): void {
  const scales = f32x4.splat(scale), zeros = i32x4.splat(zero);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const codes = i32x4.sub(four(x, i, kind), zeros);
    v128.store(y + (i << 2), f32x4.mul(f32x4.convert_i32x4_s(codes), scales));
  }
  for (; i < n; i++) store<f32>(y + (i << 2), <f32>(single(x, i, kind) - zero) * scale);
}

@inline
function each(x: usize, y: usize, n: usize, scale: usize, zero: usize, kind: i32): void {
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const zeros = kind == S32 ? i32x4.splat(0) : load4(zero + i, kind == 1);
    const codes = i32x4.sub(four(x, i, kind), zeros);
    v128.store(y + (i << 2), f32x4.mul(f32x4.convert_i32x4_s(codes), v128.load(scale + (i << 2))));
  }
  for (; i < n; i++) {
    const z = kind == S32 ? 0 : load8(zero + i, kind == 1);
    store<f32>(y + (i << 2), <f32>(single(x, i, kind) - z) * load<f32>(scale + (i << 2)));
  }
}

@inline
function all(call: Elements, part: i32, kind: i32): void {
  const bytes = bytesOf(kind);
  if (call.channels == 1) {
    const count = call.outer * call.inner;
    const from = <usize>startOf(count, 16, part, call.parts), to = <usize>startOf(count, 16, part + 1, call.parts);
    const zero = kind == S32 ? 0 : load8(call.zero, kind == 1);
    one(call.x + from * bytes, call.y + (from << 2), to - from, load<f32>(call.scale), zero, kind);
    return;
  }
  const alone = call.inner == 1;
  const rows = alone ? call.outer : call.outer * call.channels;
  const size = <usize>(alone ? call.channels : call.inner);
  const last = startOf(rows, 1, part + 1, call.parts);
  for (let row = startOf(rows, 1, part, call.parts); row < last; row++) {
    const x = call.x + <usize>row * size * bytes, y = call.y + ((<usize>row * size) << 2);
    const c = row % call.channels;
    if (alone) each(x, y, size, call.scale, call.zero, kind);
    else one(x, y, size, load<f32>(call.scale + (<usize>c << 2)), kind == S32 ? 0 : load8(call.zero + c, kind == 1), kind);
  }
}

export function dequantize(call: Elements, part: i32): void {
  if (call.codes == 0) all(call, part, 0);
  else if (call.codes == 1) all(call, part, 1);
  else all(call, part, S32);
}
