// qmaxpool: the largest code of each window. qavgpool: requantize(sum of (x - xZeroPoint), multiplier[count - 1]).
import { Call, startOf } from './call';
import { codeOf, load4, load8 } from './codes';
import { Window } from './window';

@unmanaged
export class Pool extends Call {
  x: usize;
  xZeroPoint: usize;
  multiplier: usize;
  y: usize;
  zeroPoint: usize;
  /** Room for a line of channels in int32, for each part. */
  sums: usize;
  window: Window;
  xSigned: i32;
  signed: i32;
  lo: i32;
  hi: i32;
  countBorder: i32;
}

/** Parts have rows of the result. */
export function maxPool(call: Pool, part: i32): void {
  const g = call.window;
  const h = g.h, w = g.w, c = g.c, signed = call.xSigned != 0;
  const flip = signed ? i8x16.splat(-128) : i8x16.splat(0);
  const rows = g.n * g.outH;
  const first = startOf(rows, 1, part, call.parts), last = startOf(rows, 1, part + 1, call.parts);
  let y = call.y + <usize>first * <usize>(g.outW * c);
  for (let row = first; row < last; row++) {
    const image = row / g.outH, py = row % g.outH;
    for (let px = 0; px < g.outW; px++) {
      // Codes of both signednesses are compared as unsigned ones.
      memory.fill(y, signed ? 0x80 : 0, c);
      for (let i = 0; i < g.kernelH; i++) {
        const iy = py * g.strideH - g.top + i * g.dilationH;
        if (iy < 0 || iy >= h) continue;
        for (let j = 0; j < g.kernelW; j++) {
          const ix = px * g.strideW - g.left + j * g.dilationW;
          if (ix < 0 || ix >= w) continue;
          largest(call.x + <usize>(((image * h + iy) * w + ix) * c), y, c, flip, signed);
        }
      }
      y += c;
    }
  }
}

@inline
function largest(x: usize, y: usize, c: i32, flip: v128, signed: bool): void {
  let at = 0;
  for (; at + 16 <= c; at += 16) {
    const a = v128.xor(v128.load(x + at), flip), b = v128.xor(v128.load(y + at), flip);
    v128.store(y + at, v128.xor(i8x16.max_u(a, b), flip));
  }
  for (; at < c; at++) store<u8>(y + at, <u8>max<i32>(load8(x + at, signed), load8(y + at, signed)));
}

/** Parts have rows of the result. */
export function averagePool(call: Pool, part: i32): void {
  const g = call.window;
  const h = g.h, w = g.w, c = g.c, xSigned = call.xSigned != 0;
  const xZero = load8(call.xZeroPoint, xSigned), zero = load8(call.zeroPoint, call.signed != 0);
  const lo = <f32>(call.lo - zero), hi = <f32>(call.hi - zero);
  const sums = call.sums + (<usize>(part * c) << 2);
  const rows = g.n * g.outH;
  const first = startOf(rows, 1, part, call.parts), last = startOf(rows, 1, part + 1, call.parts);
  let y = call.y + <usize>first * <usize>(g.outW * c);
  for (let row = first; row < last; row++) {
    const image = row / g.outH, py = row % g.outH;
    for (let px = 0; px < g.outW; px++) {
      memory.fill(sums, 0, <usize>c << 2);
      let count = 0;
      for (let i = 0; i < g.kernelH; i++) {
        const iy = py * g.strideH - g.top + i * g.dilationH;
        if (iy < 0 || iy >= h) continue;
        for (let j = 0; j < g.kernelW; j++) {
          const ix = px * g.strideW - g.left + j * g.dilationW;
          if (ix < 0 || ix >= w) continue;
          count++;
          add(call.x + <usize>(((image * h + iy) * w + ix) * c), sums, c, xZero, xSigned);
        }
      }
      if (call.countBorder) count = g.kernelH * g.kernelW;
      if (count == 0) memory.fill(y, <u8>zero, c);
      else {
        const factor = load<f32>(call.multiplier + (<usize>(count - 1) << 2));
        for (let at = 0; at < c; at++)
          store<u8>(y + at, <u8>codeOf(<f32>load<i32>(sums + (<usize>at << 2)) * factor, lo, hi, zero));
      }
      y += c;
    }
  }
}

@inline
function add(x: usize, sums: usize, c: i32, zero: i32, signed: bool): void {
  let at = 0;
  for (; at + 4 <= c; at += 4) {
    const place = sums + (<usize>at << 2);
    v128.store(place, i32x4.add(v128.load(place), i32x4.sub(load4(x + at, signed), i32x4.splat(zero))));
  }
  for (; at < c; at++) {
    const place = sums + (<usize>at << 2);
    store<i32>(place, load<i32>(place) + load8(x + at, signed) - zero);
  }
}
