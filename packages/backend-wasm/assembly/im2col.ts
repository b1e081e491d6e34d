// Patches [window][kernel h][kernel w][channels] of an image [n][h][w][c], `zero` outside.
import { Call, startOf } from './call';
import { Window } from './window';

@unmanaged
export class Im2col extends Call {
  x: usize;
  /** A code. */
  zeroPoint: usize;
  y: usize;
  window: Window;
  firstChannel: i32;
  channels: i32;
}

export function im2col(call: Im2col, part: i32): void {
  const g = call.window;
  const windows = g.n * g.outH * g.outW;
  const first = startOf(windows, 1, part, call.parts), last = startOf(windows, 1, part + 1, call.parts);
  const bytes = <usize>(g.kernelH * g.kernelW * call.channels), to = call.y + <usize>first * bytes;
  gather(call.x, load<u8>(call.zeroPoint), g, first, last - first, call.firstChannel, call.channels, to, bytes);
}

/** Patches of windows [first, first + count) of some channels, `step` bytes apart. */
export function gather(
  x: usize,
  zero: i32,
  g: Window,
  first: i32,
  count: i32,
  firstChannel: i32,
  channels: i32,
  to: usize,
  step: usize,
): void {
  const h = g.h, w = g.w, c = g.c, kh = g.kernelH, kw = g.kernelW, dh = g.dilationH, dw = g.dilationW;
  if (count == 0) return;
  // Codes of a kernel row that lie side by side.
  const joined = dw == 1 && channels == c, side = kw * c, below = <usize>(dh * w * c);
  let column = first % g.outW, row = (first / g.outW) % g.outH;
  let image = x + <usize>(first / (g.outH * g.outW)) * <usize>(h * w * c) + firstChannel;
  for (let p = 0; p < count; p++) {
    let at = to;
    to += step;
    const y0 = row * g.strideH - g.top, x0 = column * g.strideW - g.left;
    const whole = joined && x0 >= 0 && x0 + kw <= w && y0 >= 0 && y0 + (kh - 1) * dh < h;
    let from = image + <usize>((y0 * w + x0) * c);
    for (let i = 0; i < kh; i++) {
      if (whole) {
        copy(at, from, side);
        from += below;
        at += side;
        continue;
      }
      const iy = y0 + i * dh;
      const inside = iy >= 0 && iy < h;
      for (let j = 0; j < kw; j++) {
        const ix = x0 + j * dw;
        if (inside && ix >= 0 && ix < w) copy(at, image + <usize>((iy * w + ix) * c), channels);
        else fill(at, zero, channels);
        at += channels;
      }
    }
    if (++column < g.outW) continue;
    column = 0;
    if (++row < g.outH) continue;
    row = 0;
    image += <usize>(h * w * c);
  }
}

/** A few bytes, which memory.copy would spend a call on; the last vector overlaps the one before. */
@inline
function copy(to: usize, from: usize, n: usize): void {
  if (n >= 16) {
    for (let i: usize = 0; i + 16 < n; i += 16) v128.store(to + i, v128.load(from + i));
    v128.store(to + n - 16, v128.load(from + n - 16));
  } else if (n >= 8) {
    const last = load<u64>(from + n - 8);
    store<u64>(to, load<u64>(from));
    store<u64>(to + n - 8, last);
  } else for (let i: usize = 0; i < n; i++) store<u8>(to + i, load<u8>(from + i));
}

@inline
function fill(to: usize, code: i32, n: usize): void {
  const codes = i8x16.splat(<i8>code);
  if (n >= 16) {
    for (let i: usize = 0; i + 16 < n; i += 16) v128.store(to + i, codes);
    v128.store(to + n - 16, codes);
  } else for (let i: usize = 0; i < n; i++) store<u8>(to + i, <u8>code);
}
