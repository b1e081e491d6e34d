// Q4_K: 8 blocks of 32, x = (d * s) * q - (dmin * m) with s and m of 6 bits for each block and 4-bit q.
// d and dmin as float16; 12 bytes of s and m; then 32 bytes for each pair of blocks, the first in the low halves.
// s and m of block j < 4: the low 6 bits of bytes j and j + 4. Of block j >= 4: 4 bits each in byte j + 4, s in the low
// half, and their top 2 bits in the top of bytes j - 4 and j.
import { formats } from '../formats.ts';
import type { GgufBlock } from './gguf.ts';

const { fround } = Math;
const BLOCKS = 8;
const SIZE = 32;
const CODES = 16;

function writeFactors(bytes: Uint8Array, j: number, s: number, m: number): void {
  if (j < 4) {
    bytes[4 + j] = bytes[4 + j]! | s;
    bytes[8 + j] = bytes[8 + j]! | m;
  } else {
    bytes[8 + j] = (s & 15) | ((m & 15) << 4);
    bytes[j] = bytes[j]! | ((s >> 4) << 6);
    bytes[4 + j] = bytes[4 + j]! | ((m >> 4) << 6);
  }
}

function readFactors(bytes: Uint8Array, j: number): readonly [s: number, m: number] {
  if (j < 4) return [bytes[4 + j]! & 63, bytes[8 + j]! & 63];
  const low = bytes[8 + j]!;
  return [(low & 15) | ((bytes[j]! >> 6) << 4), (low >> 4) | ((bytes[4 + j]! >> 6) << 4)];
}

/** The nearest of the 6-bit or 4-bit codes; 0 where there is no step. */
function nearest(x: number, step: number, most: number): number {
  return step === 0 ? 0 : Math.min(most, Math.max(0, Math.floor(x / step + 0.5)));
}

function rounded(x: number): number {
  return formats.float16.decode(formats.float16.encode([x]), 1)[0]!;
}

export const q4k: GgufBlock = {
  elements: BLOCKS * SIZE,
  bytes: 144,
  quantize(values, bytes) {
    const block = (j: number): Float32Array => values.subarray(j * SIZE, (j + 1) * SIZE);
    const lows = Array.from({ length: BLOCKS }, (_, j) => Math.min(0, ...block(j)));
    const steps = lows.map((low, j) => (Math.max(0, ...block(j)) - low) / 15);
    const d = rounded(Math.max(...steps) / 63);
    const dmin = rounded(-Math.min(...lows) / 63);
    bytes.set(formats.float16.encode([d, dmin]));
    for (let j = 0; j < BLOCKS; j++) {
      const [s, m] = [nearest(steps[j]!, d, 63), nearest(-lows[j]!, dmin, 63)];
      writeFactors(bytes, j, s, m);
      const [step, low] = [fround(d * s), fround(dmin * m)];
      const shift = (j & 1) * 4;
      const at = CODES + (j >> 1) * SIZE;
      block(j).forEach((x, i) => {
        bytes[at + i] = bytes[at + i]! | (nearest(x + low, step, 15) << shift);
      });
    }
  },
  dequantize(bytes, values) {
    const [d, dmin] = formats.float16.decode(bytes, 2) as unknown as [number, number];
    for (let j = 0; j < BLOCKS; j++) {
      const [s, m] = readFactors(bytes, j);
      const [step, low] = [fround(d * s), fround(dmin * m)];
      const shift = (j & 1) * 4;
      const at = CODES + (j >> 1) * SIZE;
      for (let i = 0; i < SIZE; i++) {
        const q = (bytes[at + i]! >> shift) & 15;
        values[j * SIZE + i] = fround(step * q) - low;
      }
    }
  },
};
