// Q4_0: blocks of 32, d = (element of largest magnitude, with its sign) / -8 as float16, then 16 bytes: element j of the
//   block in the low and element j + 16 in the high half of byte j. x = d * (q - 8)
// Q8_0: blocks of 32, d = absmax / 127 as float16, then 32 int8. x = d * q
import { HalftoneError } from '../../errors.ts';
import { formats } from '../formats.ts';

const BLOCK = 32;

/** Block formats of GGUF files that are written here. */
export type GgufType = 'Q4_0' | 'Q8_0';

const bytesPerBlock: { readonly [T in GgufType]: number } = { Q4_0: 18, Q8_0: 34 };

/**
 * Quantizes floats, whose count is a multiple of 32, to the blocks of a GGUF tensor. Throws HT_SHAPE_MISMATCH.
 * The layout is ggml's block_q4_0 and block_q8_0; the rounding of Q4_0 is floor(x / d + 8.5), clamped at 15.
 */
export function quantizeGguf(values: Float32Array, type: GgufType): Uint8Array {
  if (values.length % BLOCK !== 0) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${values.length} elements are no whole blocks of ${BLOCK}`,
      {
        length: values.length,
      },
    );
  }
  const size = bytesPerBlock[type];
  const bytes = new Uint8Array((values.length / BLOCK) * size);
  for (let b = 0; b < values.length / BLOCK; b++) {
    const block = values.subarray(b * BLOCK, (b + 1) * BLOCK);
    const out = bytes.subarray(b * size, (b + 1) * size);
    if (type === 'Q4_0') q4(block, out);
    else q8(block, out);
  }
  return bytes;
}

function q4(block: Float32Array, out: Uint8Array): void {
  let extreme = 0;
  for (const x of block) if (Math.abs(x) > Math.abs(extreme)) extreme = x;
  const d = Math.fround(extreme / -8);
  const inverse = d === 0 ? 0 : Math.fround(1 / d);
  out.set(formats.float16.encode([d]));
  for (let j = 0; j < 16; j++) {
    const code = (x: number): number => Math.min(15, Math.floor(Math.fround(Math.fround(x * inverse) + 8.5)));
    out[2 + j] = code(block[j]!) | (code(block[j + 16]!) << 4);
  }
}

function q8(block: Float32Array, out: Uint8Array): void {
  const absmax = block.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const d = Math.fround(absmax / 127);
  const inverse = d === 0 ? 0 : Math.fround(1 / d);
  out.set(formats.float16.encode([d]));
  block.forEach((x, j) => {
    const t = Math.fround(x * inverse);
    out[2 + j] = (t < 0 ? -Math.floor(0.5 - t) : Math.floor(t + 0.5)) & 255;
  });
}

/** The reals of GGUF blocks. Throws HT_SHAPE_MISMATCH where the bytes are no whole blocks. */
export function dequantizeGguf(bytes: Uint8Array, type: GgufType): Float32Array {
  const size = bytesPerBlock[type];
  if (bytes.length % size !== 0) {
    throw new HalftoneError('HT_SHAPE_MISMATCH', `${bytes.length} bytes are no whole blocks of ${size}`, {
      length: bytes.length,
    });
  }
  const values = new Float32Array((bytes.length / size) * BLOCK);
  for (let b = 0; b < bytes.length / size; b++) {
    const block = bytes.subarray(b * size, (b + 1) * size);
    const [d] = formats.float16.decode(block, 1) as unknown as [number];
    for (let j = 0; j < BLOCK; j++) {
      const q =
        type === 'Q8_0' ? (block[2 + j]! << 24) >> 24 : ((block[2 + (j % 16)]! >> (j < 16 ? 0 : 4)) & 15) - 8;
      values[b * BLOCK + j] = d * q;
    }
  }
  return values;
}
