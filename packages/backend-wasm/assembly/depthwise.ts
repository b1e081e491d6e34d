// Depthwise convolution: eight channels side by side, rows of the image in pairs as i32x4.dot_i16x8_s takes them.
//
// Rows 2t and 2t + 1 of the padded image are interleaved once into a line of int16, and stay until no window has them any more.
// A row of results takes every line that it meets; where it begins with the second row of a pair, its weights do too, and the
// first meets weights of 0. Weights are int16 without their zero points; that of the image is in what the sums begin with, and
// the border holds its code.
import { Call, startOf } from './call';
import { load8 } from './codes';
import { Conv } from './conv';
import { finish, sizeOf } from './product';

@inline const CHANNELS = 8;
/** Blocks of eight channels at a time: their lines stay in the first cache. */
@inline const BLOCKS = 4;
/** Bytes of two codes of eight channels. */
@inline const PAIR: usize = 32;
/** Results side by side whose sums are in registers at a time. */
@inline const FOUR = 4;

@inline
function blocksOf(c: i32): i32 {
  return (c + CHANNELS - 1) / CHANNELS;
}

/** Pairs that a row of results meets at most. */
@inline
function pairsOf(kernelH: i32): i32 {
  return (kernelH + 2) >> 1;
}

/** Bytes of the weights of eight channels. */
@inline
function blockBytes(kernelH: i32, kernelW: i32): usize {
  return <usize>(2 * pairsOf(kernelH) * kernelW) * PAIR;
}

/** Bytes of packed filters: sums of each channel's weights, then [block][first row even or odd][pair][kernel w][channel][2]. */
export function packedChannelBytes(c: i32, kernelH: i32, kernelW: i32): usize {
  return <usize>blocksOf(c) * (<usize>(CHANNELS * 4) + blockBytes(kernelH, kernelW));
}

/** Results of a row, in whole fours, and what of the padded image they meet. */
@inline
function wholeFours(outW: i32): i32 {
  return max(FOUR, (outW + FOUR - 1) & -FOUR);
}

@inline
function lineWidth(outW: i32, kernelW: i32, strideW: i32, dilationW: i32): i32 {
  return (wholeFours(outW) - 1) * strideW + (kernelW - 1) * dilationW + 1;
}

/** Bytes of scratch: what sums begin with, sums of a row, codes of the border, addresses of lines, and lines. */
export function channelScratchBytes(c: i32, kernelH: i32, kernelW: i32, strideW: i32, dilationW: i32, outW: i32): usize {
  const lines = <usize>(BLOCKS * pairsOf(kernelH)) * <usize>lineWidth(outW, kernelW, strideW, dilationW) * PAIR;
  return <usize>(blocksOf(c) + wholeFours(outW)) * PAIR + 16 + (<usize>(pairsOf(kernelH) + 3) << 2) + lines;
}

@unmanaged
export class PackChannels extends Call {
  w: usize;
  zero: usize;
  to: usize;
  c: i32;
  kernelH: i32;
  kernelW: i32;
  signed: i32;
  /** A zero point for each channel, or one. */
  zeroEach: i32;
}

/** Packs filters [channel][kernel h][kernel w]. */
export function packChannels(call: PackChannels): void {
  const c = call.c, kh = call.kernelH, kw = call.kernelW, signed = call.signed != 0;
  memory.fill(call.to, 0, packedChannelBytes(c, kh, kw));
  const block = blockBytes(kh, kw), odd = block >> 1;
  for (let channel = 0; channel < c; channel++) {
    const z = load8(call.zeroEach ? call.zero + channel : call.zero, signed);
    const even = call.to + <usize>blocksOf(c) * PAIR + <usize>(channel / CHANNELS) * block + (<usize>(channel % CHANNELS) << 2);
    let sum = 0;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const weight = load8(call.w + <usize>((channel * kh + i) * kw + j), signed) - z;
        sum += weight;
        store<i16>(even + <usize>((i >> 1) * kw + j) * PAIR + (<usize>(i & 1) << 1), <i16>weight);
        store<i16>(even + odd + <usize>(((i + 1) >> 1) * kw + j) * PAIR + (<usize>((i + 1) & 1) << 1), <i16>weight);
      }
    }
    store<i32>(call.to + (<usize>channel << 2), sum);
  }
}

/** Parts have rows of the result. */
export function depthwise(call: Conv, part: i32): void {
  const g = call.window, c = g.c, kh = g.kernelH, kw = g.kernelW, outW = g.outW, dh = g.dilationH;
  const signed = call.xSigned != 0, zero = load8(call.xZeroPoint, signed);
  const width = lineWidth(outW, kw, g.strideW, g.dilationW), pairs = pairsOf(kh), block = blockBytes(kh, kw);
  const begin = call.scratch + <usize>part * channelScratchBytes(c, kh, kw, g.strideW, g.dilationW, outW);
  const sums = begin + <usize>blocksOf(c) * PAIR, border = sums + <usize>wholeFours(outW) * PAIR, addresses = border + 16;
  const lines = (addresses + (<usize>pairs << 2) + 12) & ~15;
  const weights = call.b + <usize>blocksOf(c) * PAIR;
  for (let channel = 0; channel < c; channel++) {
    const added = call.bias && !call.floatBias ? load<i32>(call.bias + (<usize>channel << 2)) : 0;
    store<i32>(begin + (<usize>channel << 2), added - zero * load<i32>(call.b + (<usize>channel << 2)));
  }
  store<u64>(border, 0x0101010101010101 * <u64>(zero & 0xff));
  const size = sizeOf(call), wide = <usize>width * PAIR;
  const top = startOf(g.n * g.outH, 1, part, call.parts), last = startOf(g.n * g.outH, 1, part + 1, call.parts);
  for (let chunk = 0; chunk < c; chunk += BLOCKS * CHANNELS) {
    const end = min(c, chunk + BLOCKS * CHANNELS);
    let ready = 0;
    for (let row = top; row < last; row++) {
      const image = call.x + <usize>(row / g.outH) * <usize>(g.h * g.w * c), y0 = (row % g.outH) * g.strideH;
      if (row % g.outH == 0) ready = 0;
      // Rows that a dilation takes apart are never those of the next row of results in the same pairs.
      const alone = dh != 1, odd = alone ? 0 : y0 & 1;
      const first = alone ? 0 : y0 >> 1, behind = first + ((kh + odd + 1) >> 1);
      for (let t = first; t < behind; t++) {
        const line = lines + <usize>((t % pairs) * BLOCKS) * wide;
        store<u32>(addresses + (<usize>(t - first) << 2), <u32>line);
        if (t < ready && !alone) continue;
        const above = (alone ? y0 + 2 * t * dh : 2 * t) - g.top;
        for (let channel = chunk; channel < end; channel += CHANNELS)
          interleave(call, image, above, above + dh, channel, border, width, line + <usize>((channel - chunk) / CHANNELS) * wide);
      }
      ready = behind;
      for (let channel = chunk; channel < end; channel += CHANNELS) {
        const from = <usize>((channel - chunk) / CHANNELS) * wide, count = behind - first;
        const filter = weights + <usize>(channel / CHANNELS) * block + (odd ? block >> 1 : 0);
        sumsOfRow(call, addresses, from, count, filter, begin + (<usize>channel << 2), sums);
        const to = call.y + (<usize>row * <usize>(outW * c) + <usize>channel) * size;
        finish(call, sums, outW, channel, min(CHANNELS, c - channel), 0, to, c);
      }
    }
  }
}

/** Two rows of eight channels as one line of pairs. */
function interleave(call: Conv, image: usize, above: i32, below: i32, channel: i32, border: usize, width: i32, to: usize): void {
  const g = call.window, c = g.c, signed = call.xSigned != 0, count = min(CHANNELS, c - channel);
  // Rows outside stay on the code of the border.
  let a = border, b = border, aStep: usize = 0, bStep: usize = 0;
  if (above >= 0 && above < g.h) {
    a = image + <usize>(above * g.w * c + channel);
    aStep = c;
  }
  if (below >= 0 && below < g.h) {
    b = image + <usize>(below * g.w * c + channel);
    bStep = c;
  }
  const left = min(g.left, width), right = min(g.left + g.w, width);
  const outside = eight(border, CHANNELS, signed);
  for (let x = 0; x < left; x++) {
    v128.store(to, outside);
    v128.store(to, outside, 16);
    to += PAIR;
  }
  const inside = right - left;
  if (count < CHANNELS) {
    for (let x: usize = 0; x < <usize>inside; x++)
      pair(eight(a + x * aStep, count, signed), eight(b + x * bStep, count, signed), to + x * PAIR);
  } else if (signed) wholes<i8>(a, aStep, b, bStep, inside, to);
  else wholes<u8>(a, aStep, b, bStep, inside, to);
  to += <usize>inside * PAIR;
  for (let x = right; x < width; x++) {
    v128.store(to, outside);
    v128.store(to, outside, 16);
    to += PAIR;
  }
}

@inline
function pair(a: v128, b: v128, to: usize): void {
  v128.store(to, i16x8.shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, i16x8.shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}

@inline
function wholes<T>(a: usize, aStep: usize, b: usize, bStep: usize, count: i32, to: usize): void {
  for (let x = 0; x < count; x++) {
    pair(v128.load_ext<T>(a), v128.load_ext<T>(b), to);
    a += aStep;
    b += bStep;
    to += PAIR;
  }
}

/** Eight codes as int16; what is behind `count` of them is not read. */
@inline
function eight(at: usize, count: i32, signed: bool): v128 {
  if (count == CHANNELS) return signed ? v128.load_ext<i8>(at) : v128.load_ext<u8>(at);
  let bytes: u64 = 0;
  for (let i = 0; i < count; i++) bytes |= (<u64>load<u8>(at + i)) << (<u64>i << 3);
  const codes = i64x2.splat(<i64>bytes);
  return signed ? i16x8.extend_low_i8x16_s(codes) : i16x8.extend_low_i8x16_u(codes);
}

/** Sums [8] of a row of results: `pairs` lines, `from` bytes behind their addresses. */
function sumsOfRow(call: Conv, addresses: usize, from: usize, pairs: i32, filter: usize, begin: usize, sums: usize): void {
  const g = call.window, strideW = g.strideW, outW = g.outW;
  const step = <usize>g.dilationW * PAIR, taps = g.kernelW;
  const end = addresses + (<usize>pairs << 2);
  let x = 0;
  if (taps == 3 && pairs == 2 && g.dilationW == 1 && strideW < 3) {
    const p = load<u32>(addresses) + from, q = load<u32>(addresses, 4) + from;
    const fours = (outW + 1) & -FOUR;
    for (let half: usize = 0; half < PAIR; half += 16) {
      if (strideW == 1) threes<u8>(p + half, q + half, filter + half, begin + half, sums + half, fours);
      else threes<u16>(p + half, q + half, filter + half, begin + half, sums + half, fours);
    }
    x = fours;
  }
  for (; strideW < 3 && x + 2 < outW; x += FOUR) {
    const at = from + <usize>(x * strideW) * PAIR, to = sums + <usize>x * PAIR;
    if (strideW == 1) four<u8>(addresses, end, at, step, taps, filter, begin, to);
    else four<u16>(addresses, end, at, step, taps, filter, begin, to);
  }
  for (; x < outW; x++) {
    const at = from + <usize>(x * strideW) * PAIR;
    one(addresses, end, at, step, taps, filter, begin, sums + <usize>x * PAIR);
  }
}

@inline
function plus(sum: v128, a: v128, b: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** Four results; the size of S is the stride. */
@inline
function four<S>(
  addresses: usize,
  end: usize,
  from: usize,
  step: usize,
  taps: i32,
  filter: usize,
  begin: usize,
  to: usize,
): void {
  let a0 = v128.load(begin), b0 = v128.load(begin, 16);
  let a1 = a0, a2 = a0, a3 = a0, b1 = b0, b2 = b0, b3 = b0;
  for (; addresses < end; addresses += 4) {
    let line = load<u32>(addresses) + from;
    for (let j = 0; j < taps; j++) {
      const u = v128.load(filter), v = v128.load(filter, 16);
      a0 = plus(a0, v128.load(line), u);
      b0 = plus(b0, v128.load(line, 16), v);
      a1 = plus(a1, v128.load(line, 32 * sizeof<S>()), u);
      b1 = plus(b1, v128.load(line, 32 * sizeof<S>() + 16), v);
      a2 = plus(a2, v128.load(line, 64 * sizeof<S>()), u);
      b2 = plus(b2, v128.load(line, 64 * sizeof<S>() + 16), v);
      a3 = plus(a3, v128.load(line, 96 * sizeof<S>()), u);
      b3 = plus(b3, v128.load(line, 96 * sizeof<S>() + 16), v);
      line += step;
      filter += PAIR;
    }
  }
  v128.store(to, a0);
  v128.store(to, b0, 16);
  v128.store(to, a1, 32);
  v128.store(to, b1, 48);
  v128.store(to, a2, 64);
  v128.store(to, b2, 80);
  v128.store(to, a3, 96);
  v128.store(to, b3, 112);
}

/** Four sums of so many results under kernels of 3 x 3, whose weights stay in registers; the size of S is the stride. */
@inline
function threes<S>(p: usize, q: usize, filter: usize, begin: usize, to: usize, count: i32): void {
  const w0 = v128.load(filter), w1 = v128.load(filter, 32), w2 = v128.load(filter, 64);
  const w3 = v128.load(filter, 96), w4 = v128.load(filter, 128), w5 = v128.load(filter, 160);
  const s = v128.load(begin), end = to + <usize>count * PAIR;
  let a0 = s, a1 = s, a2 = s, a3 = s, x = s;
  while (to < end) {
    if (sizeof<S>() == 1) {
      x = v128.load(p);
      a0 = plus(s, x, w0);
      x = v128.load(p, 32);
      a0 = plus(a0, x, w1);
      a1 = plus(s, x, w0);
      x = v128.load(p, 64);
      a0 = plus(a0, x, w2);
      a1 = plus(a1, x, w1);
      a2 = plus(s, x, w0);
      x = v128.load(p, 96);
      a1 = plus(a1, x, w2);
      a2 = plus(a2, x, w1);
      a3 = plus(s, x, w0);
      x = v128.load(p, 128);
      a2 = plus(a2, x, w2);
      a3 = plus(a3, x, w1);
      x = v128.load(p, 160);
      a3 = plus(a3, x, w2);
      x = v128.load(q);
      a0 = plus(a0, x, w3);
      x = v128.load(q, 32);
      a0 = plus(a0, x, w4);
      a1 = plus(a1, x, w3);
      x = v128.load(q, 64);
      a0 = plus(a0, x, w5);
      a1 = plus(a1, x, w4);
      a2 = plus(a2, x, w3);
      x = v128.load(q, 96);
      a1 = plus(a1, x, w5);
      a2 = plus(a2, x, w4);
      a3 = plus(a3, x, w3);
      x = v128.load(q, 128);
      a2 = plus(a2, x, w5);
      a3 = plus(a3, x, w4);
      x = v128.load(q, 160);
      a3 = plus(a3, x, w5);
    } else {
      x = v128.load(p);
      a0 = plus(s, x, w0);
      x = v128.load(p, 32);
      a0 = plus(a0, x, w1);
      x = v128.load(p, 64);
      a0 = plus(a0, x, w2);
      a1 = plus(s, x, w0);
      x = v128.load(p, 96);
      a1 = plus(a1, x, w1);
      x = v128.load(p, 128);
      a1 = plus(a1, x, w2);
      a2 = plus(s, x, w0);
      x = v128.load(p, 160);
      a2 = plus(a2, x, w1);
      x = v128.load(p, 192);
      a2 = plus(a2, x, w2);
      a3 = plus(s, x, w0);
      x = v128.load(p, 224);
      a3 = plus(a3, x, w1);
      x = v128.load(p, 256);
      a3 = plus(a3, x, w2);
      x = v128.load(q);
      a0 = plus(a0, x, w3);
      x = v128.load(q, 32);
      a0 = plus(a0, x, w4);
      x = v128.load(q, 64);
      a0 = plus(a0, x, w5);
      a1 = plus(a1, x, w3);
      x = v128.load(q, 96);
      a1 = plus(a1, x, w4);
      x = v128.load(q, 128);
      a1 = plus(a1, x, w5);
      a2 = plus(a2, x, w3);
      x = v128.load(q, 160);
      a2 = plus(a2, x, w4);
      x = v128.load(q, 192);
      a2 = plus(a2, x, w5);
      a3 = plus(a3, x, w3);
      x = v128.load(q, 224);
      a3 = plus(a3, x, w4);
      x = v128.load(q, 256);
      a3 = plus(a3, x, w5);
    }
    v128.store(to, a0);
    v128.store(to, a1, 32);
    v128.store(to, a2, 64);
    v128.store(to, a3, 96);
    p += 4 * sizeof<S>() * PAIR;
    q += 4 * sizeof<S>() * PAIR;
    to += 4 * PAIR;
  }
}

/** One result. */
@inline
function one(addresses: usize, end: usize, from: usize, step: usize, taps: i32, filter: usize, begin: usize, to: usize): void {
  let a = v128.load(begin), b = v128.load(begin, 16);
  for (; addresses < end; addresses += 4) {
    let line = load<u32>(addresses) + from;
    for (let j = 0; j < taps; j++) {
      a = plus(a, v128.load(line), v128.load(filter));
      b = plus(b, v128.load(line, 16), v128.load(filter, 16));
      line += step;
      filter += PAIR;
    }
  }
  v128.store(to, a);
  v128.store(to, b, 16);
}
