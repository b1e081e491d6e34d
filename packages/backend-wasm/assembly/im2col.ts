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
  const first = startOf(windows, 1, part, call.parts),
    last = startOf(windows, 1, part + 1, call.parts);
  const to = call.y + <usize>first * <usize>(g.kernelH * g.kernelW * call.channels);
  gather(call.x, load<u8>(call.zeroPoint), g, first, last - first, call.firstChannel, call.channels, to);
}

/** Patches of windows [first, first + count) of some channels. */
export function gather(
  x: usize,
  zero: i32,
  g: Window,
  first: i32,
  count: i32,
  firstChannel: i32,
  channels: i32,
  to: usize,
): void {
  const h = g.h,
    w = g.w,
    c = g.c,
    kh = g.kernelH,
    kw = g.kernelW,
    dh = g.dilationH,
    dw = g.dilationW;
  // Codes of a kernel row that lie side by side.
  const joined = dw == 1 && channels == c;
  for (let p = first; p < first + count; p++) {
    const image = x + <usize>(p / (g.outH * g.outW)) * <usize>(h * w * c) + firstChannel;
    const y0 = ((p / g.outW) % g.outH) * g.strideH - g.top,
      x0 = (p % g.outW) * g.strideW - g.left;
    for (let i = 0; i < kh; i++) {
      const iy = y0 + i * dh;
      const inside = iy >= 0 && iy < h;
      if (joined && inside && x0 >= 0 && x0 + kw <= w) {
        memory.copy(to, image + <usize>((iy * w + x0) * c), kw * c);
        to += kw * c;
        continue;
      }
      for (let j = 0; j < kw; j++) {
        const ix = x0 + j * dw;
        if (inside && ix >= 0 && ix < w) memory.copy(to, image + <usize>((iy * w + ix) * c), channels);
        else memory.fill(to, <u8>zero, channels);
        to += channels;
      }
    }
  }
}
