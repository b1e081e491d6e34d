// Q4_0: d = (element of largest magnitude, with its sign) / -8 as float16, then 16 bytes: element j of the block in the
//   low and element j + 16 in the high half of byte j. q = min(15, floor(x / d + 8.5)), x = d * (q - 8)
// Q8_0: d = absmax / 127 as float16, then 32 int8. q = round(x / d), halves away from zero, x = d * q
import { formats } from '../formats.ts';
import type { GgufBlock } from './gguf.ts';

const { fround } = Math;

export const q4: GgufBlock = {
  elements: 32,
  bytes: 18,
  quantize(values, bytes) {
    let extreme = 0;
    for (const x of values) if (Math.abs(x) > Math.abs(extreme)) extreme = x;
    const d = fround(extreme / -8);
    const inverse = d === 0 ? 0 : fround(1 / d);
    const code = (x: number): number => Math.min(15, Math.floor(fround(fround(x * inverse) + 8.5)));
    bytes.set(formats.float16.encode([d]));
    for (let j = 0; j < 16; j++) bytes[2 + j] = code(values[j]!) | (code(values[j + 16]!) << 4);
  },
  dequantize(bytes, values) {
    const d = formats.float16.decode(bytes, 1)[0]!;
    for (let j = 0; j < 16; j++) {
      values[j] = d * ((bytes[2 + j]! & 15) - 8);
      values[j + 16] = d * ((bytes[2 + j]! >> 4) - 8);
    }
  },
};

export const q8: GgufBlock = {
  elements: 32,
  bytes: 34,
  quantize(values, bytes) {
    const absmax = values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const d = fround(absmax / 127);
    const inverse = d === 0 ? 0 : fround(1 / d);
    bytes.set(formats.float16.encode([d]));
    values.forEach((x, j) => {
      const t = fround(x * inverse);
      bytes[2 + j] = (t < 0 ? -Math.floor(0.5 - t) : Math.floor(t + 0.5)) & 255;
    });
  },
  dequantize(bytes, values) {
    const d = formats.float16.decode(bytes, 1)[0]!;
    for (let j = 0; j < 32; j++) values[j] = d * ((bytes[2 + j]! << 24) >> 24);
  },
};
