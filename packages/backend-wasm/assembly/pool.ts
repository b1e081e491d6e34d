// qmaxpool: the largest code of each window. qavgpool: requantize(sum of (x - xZeroPoint), multiplier[count - 1]).
import { Call, startOf } from './call';
import { codeOf, load8, pack16, wholeOf } from './codes';
import { Window } from './window';

@unmanaged
export class Pool extends Call {
  x: usize;
  xZeroPoint: usize;
  multiplier: usize;
  y: usize;
  zeroPoint: usize;
  window: Window;
  xSigned: i32;
  signed: i32;
  lo: i32;
  hi: i32;
  countBorder: i32;
}

/** The first of the places begin, begin + step, ... that is inside, by its number. */
@inline
function firstInside(begin: i32, step: i32): i32 {
  return begin < 0 ? (step - 1 - begin) / step : 0;
}

/** The number behind the last of `count` such places that is below `extent`. */
@inline
function behindLast(begin: i32, step: i32, count: i32, extent: i32): i32 {
  return begin < extent ? min(count, (extent - 1 - begin) / step + 1) : 0;
}

/** Parts have rows of the result. */
export function maxPool(call: Pool, part: i32): void {
  const g = call.window, h = g.h, w = g.w, c = g.c, signed = call.xSigned != 0;
  // Codes of both signednesses are compared as unsigned ones.
  const flip = signed ? i8x16.splat(-128) : i8x16.splat(0);
  const across = <usize>(g.dilationW * c), down = <usize>(g.dilationH * w * c);
  const last = startOf(g.n * g.outH, 1, part + 1, call.parts);
  for (let row = startOf(g.n * g.outH, 1, part, call.parts); row < last; row++) {
    const y0 = (row % g.outH) * g.strideH - g.top, top = firstInside(y0, g.dilationH);
    const lines = behindLast(y0, g.dilationH, g.kernelH, h) - top;
    const image = call.x + <usize>((row / g.outH) * h + y0 + top * g.dilationH) * <usize>(w * c);
    let y = call.y + <usize>row * <usize>(g.outW * c);
    for (let px = 0; px < g.outW; px++) {
      const x0 = px * g.strideW - g.left, left = firstInside(x0, g.dilationW);
      const places = behindLast(x0, g.dilationW, g.kernelW, w) - left;
      const from = image + <usize>((x0 + left * g.dilationW) * c);
      let at = 0;
      for (; at + 16 <= c; at += 16) {
        let most = i8x16.splat(0), line = from + at;
        for (let i = 0; i < lines; i++) {
          let place = line;
          for (let j = 0; j < places; j++) {
            most = i8x16.max_u(most, v128.xor(v128.load(place), flip));
            place += across;
          }
          line += down;
        }
        v128.store(y + at, v128.xor(most, flip));
      }
      for (; at < c; at++) {
        let most = signed ? -128 : 0;
        for (let i = 0; i < lines; i++)
          for (let j = 0; j < places; j++)
            most = max(most, load8(from + at + <usize>i * down + <usize>j * across, signed));
        store<u8>(y + at, <u8>most);
      }
      y += c;
    }
  }
}

/** Parts have rows of the result. */
export function averagePool(call: Pool, part: i32): void {
  const g = call.window, h = g.h, w = g.w, c = g.c, xSigned = call.xSigned != 0, signed = call.signed != 0;
  const xZero = load8(call.xZeroPoint, xSigned), zero = load8(call.zeroPoint, signed);
  const lo = <f32>(call.lo - zero), hi = <f32>(call.hi - zero);
  const los = f32x4.splat(lo), his = f32x4.splat(hi), zeros = i32x4.splat(zero);
  const across = <usize>(g.dilationW * c), down = <usize>(g.dilationH * w * c);
  const last = startOf(g.n * g.outH, 1, part + 1, call.parts);
  for (let row = startOf(g.n * g.outH, 1, part, call.parts); row < last; row++) {
    const y0 = (row % g.outH) * g.strideH - g.top, top = firstInside(y0, g.dilationH);
    const lines = max(0, behindLast(y0, g.dilationH, g.kernelH, h) - top);
    const image = call.x + <usize>((row / g.outH) * h + y0 + top * g.dilationH) * <usize>(w * c);
    let y = call.y + <usize>row * <usize>(g.outW * c);
    for (let px = 0; px < g.outW; px++, y += c) {
      const x0 = px * g.strideW - g.left, left = firstInside(x0, g.dilationW);
      const places = max(0, behindLast(x0, g.dilationW, g.kernelW, w) - left);
      const count = call.countBorder ? g.kernelH * g.kernelW : lines * places;
      if (count == 0) {
        memory.fill(y, <u8>zero, c);
        continue;
      }
      const from = image + <usize>((x0 + left * g.dilationW) * c);
      const factor = load<f32>(call.multiplier + (<usize>(count - 1) << 2)), factors = f32x4.splat(factor);
      const begin = -xZero * lines * places;
      let at = 0;
      for (; at + 8 <= c; at += 8) {
        let low = i32x4.splat(begin), high = low, line = from + at;
        for (let i = 0; i < lines; i++) {
          let place = line;
          for (let j = 0; j < places; j++) {
            const codes = xSigned ? v128.load_ext<i8>(place) : v128.load_ext<u8>(place);
            low = i32x4.add(low, i32x4.extend_low_i16x8_s(codes));
            high = i32x4.add(high, i32x4.extend_high_i16x8_s(codes));
            place += across;
          }
          line += down;
        }
        low = i32x4.add(wholeOf(f32x4.mul(f32x4.convert_i32x4_s(low), factors), los, his), zeros);
        high = i32x4.add(wholeOf(f32x4.mul(f32x4.convert_i32x4_s(high), factors), los, his), zeros);
        v128.store64_lane(y + at, pack16(low, high, low, high, signed), 0);
      }
      for (; at < c; at++) {
        let sum = begin;
        for (let i = 0; i < lines; i++)
          for (let j = 0; j < places; j++) sum += load8(from + at + <usize>i * down + <usize>j * across, xSigned);
        store<u8>(y + at, <u8>codeOf(<f32>sum * factor, lo, hi, zero));
      }
    }
  }
}
