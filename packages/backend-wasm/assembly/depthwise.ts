// Depthwise convolution: eight channels side by side, taps in pairs as i32x4.dot_i16x8_s takes them.
//
// Weights are int16 without their zero points; that of the image is in what the sums begin with, and the border holds its code.
import { startOf } from './call';
import { load8 } from './codes';
import { Conv } from './conv';
import { Pack } from './gemm';
import { finish, sizeOf } from './product';

const CHANNELS = 8;
/** Bytes of a pair of taps of eight channels. */
const PAIR: usize = 32;

@inline
function blocksOf(c: i32): i32 {
  return (c + CHANNELS - 1) / CHANNELS;
}

/** Bytes of packed filters: sums of each channel's weights, then [block][pair of taps][channel][2]. */
export function packedChannelBytes(c: i32, taps: i32): usize {
  return <usize>blocksOf(c) * (<usize>(CHANNELS * 4) + <usize>((taps + 1) >> 1) * PAIR);
}

/** Bytes of scratch: what sums begin with, one line of border, pointers to the taps, and eight sums. */
export function channelScratchBytes(c: i32, taps: i32): usize {
  return <usize>blocksOf(c) * (CHANNELS * 4) + <usize>(blocksOf(c) * CHANNELS) + <usize>((taps + 2) << 2) + 64;
}

/** Packs filters [n][k]: channels and their taps. */
export function packChannels(call: Pack): void {
  const c = call.n, taps = call.k, signed = call.signed != 0;
  memory.fill(call.to, 0, packedChannelBytes(c, taps));
  const blocks = call.to + <usize>blocksOf(c) * (CHANNELS * 4);
  const block = <usize>((taps + 1) >> 1) * PAIR;
  for (let channel = 0; channel < c; channel++) {
    const z = load8(call.zeroEach ? call.zero + channel : call.zero, signed);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const weight = load8(call.b + <usize>channel * <usize>taps + tap, signed) - z;
      sum += weight;
      const at = blocks + <usize>(channel / CHANNELS) * block + <usize>(tap >> 1) * PAIR;
      store<i16>(at + (<usize>(channel % CHANNELS) << 2) + (<usize>(tap & 1) << 1), <i16>weight);
    }
    store<i32>(call.to + (<usize>channel << 2), sum);
  }
}

/** Parts have windows. */
export function depthwise(call: Conv, part: i32): void {
  const g = call.window;
  const h = g.h, w = g.w, c = g.c, kh = g.kernelH, kw = g.kernelW;
  const taps = kh * kw, pairs = (taps + 1) >> 1, count = blocksOf(c);
  const xSigned = call.xSigned != 0, xZero = load8(call.xZeroPoint, xSigned);
  const begin = call.scratch + <usize>part * channelScratchBytes(c, taps), border = begin + <usize>count * (CHANNELS * 4);
  const pointers = border + <usize>(count * CHANNELS), sums = (pointers + (<usize>(taps + 2) << 2) + 15) & ~15;
  const weights = call.b + <usize>count * (CHANNELS * 4);
  for (let channel = 0; channel < c; channel++) {
    const added = call.bias && !call.floatBias ? load<i32>(call.bias + (<usize>channel << 2)) : 0;
    store<i32>(begin + (<usize>channel << 2), added - xZero * load<i32>(call.b + (<usize>channel << 2)));
  }
  memory.fill(border, <u8>xZero, <usize>(count * CHANNELS));
  const size = sizeOf(call);
  const windows = g.n * g.outH * g.outW;
  const last = startOf(windows, 1, part + 1, call.parts);
  for (let p = startOf(windows, 1, part, call.parts); p < last; p++) {
    const image = call.x + <usize>(p / (g.outH * g.outW)) * <usize>(h * w * c);
    const y0 = ((p / g.outW) % g.outH) * g.strideH - g.top, x0 = (p % g.outW) * g.strideW - g.left;
    let to = pointers;
    for (let i = 0; i < kh; i++) {
      const iy = y0 + i * g.dilationH;
      for (let j = 0; j < kw; j++) {
        const ix = x0 + j * g.dilationW;
        const inside = iy >= 0 && iy < h && ix >= 0 && ix < w;
        // A border has no channels to go along.
        store<u32>(to, <u32>(inside ? image + <usize>((iy * w + ix) * c) : border));
        to += 4;
      }
    }
    // The second of the last pair meets weights of 0.
    store<u32>(to, <u32>border);
    const row = call.y + <usize>p * <usize>c * size;
    let weight = weights;
    for (let first = 0; first < c; first += CHANNELS) {
      let low = v128.load(begin + (<usize>first << 2)), high = v128.load(begin + (<usize>first << 2), 16);
      const whole = c - first >= CHANNELS;
      for (let pair = 0; pair < pairs; pair++) {
        const a = eight(load<u32>(pointers + (<usize>pair << 3)) + first, whole ? CHANNELS : c - first, xSigned);
        const d = eight(load<u32>(pointers + (<usize>pair << 3), 4) + first, whole ? CHANNELS : c - first, xSigned);
        const lows = i16x8.shuffle(a, d, 0, 8, 1, 9, 2, 10, 3, 11);
        const highs = i16x8.shuffle(a, d, 4, 12, 5, 13, 6, 14, 7, 15);
        low = i32x4.add(low, i32x4.dot_i16x8_s(lows, v128.load(weight)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(highs, v128.load(weight, 16)));
        weight += PAIR;
      }
      v128.store(sums, low);
      v128.store(sums, high, 16);
      finish(call, sums, 1, first, min(CHANNELS, c - first), 0, row + <usize>first * size, 0);
    }
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
