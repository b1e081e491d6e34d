import { HalftoneError } from '../../errors.ts';
import { q4k } from './gguf-q4k.ts';
import { q4, q8 } from './gguf-simple.ts';

/** Block formats of GGUF files that are read and written here. */
export type GgufType = 'Q4_0' | 'Q8_0' | 'Q4_K';

/** How one block of a format is written and read. */
export interface GgufBlock {
  /** Elements of a block. */
  readonly elements: number;
  readonly bytes: number;
  readonly quantize: (values: Float32Array, bytes: Uint8Array) => void;
  readonly dequantize: (bytes: Uint8Array, values: Float32Array) => void;
}

const blocks: { readonly [T in GgufType]: GgufBlock } = { Q4_0: q4, Q8_0: q8, Q4_K: q4k };

/**
 * Quantizes floats, whose count is a multiple of the format's block (32, of Q4_K 256), to the blocks of a GGUF tensor.
 * Throws HT_SHAPE_MISMATCH. The layouts are ggml's; Q4_0 and Q8_0 round as ggml, Q4_K without its search for better scales.
 */
export function quantizeGguf(values: Float32Array, type: GgufType): Uint8Array {
  const { elements, bytes: size, quantize } = blocks[type];
  const bytes = new Uint8Array(wholeBlocks('elements', values.length, elements) * size);
  for (let b = 0; b < bytes.length / size; b++)
    quantize(values.subarray(b * elements, (b + 1) * elements), bytes.subarray(b * size, (b + 1) * size));
  return bytes;
}

/** The reals of GGUF blocks. Throws HT_SHAPE_MISMATCH where the bytes are no whole blocks. */
export function dequantizeGguf(bytes: Uint8Array, type: GgufType): Float32Array {
  const { elements, bytes: size, dequantize } = blocks[type];
  const values = new Float32Array(wholeBlocks('bytes', bytes.length, size) * elements);
  for (let b = 0; b < bytes.length / size; b++)
    dequantize(bytes.subarray(b * size, (b + 1) * size), values.subarray(b * elements, (b + 1) * elements));
  return values;
}

function wholeBlocks(what: string, length: number, size: number): number {
  if (length % size === 0) return length / size;
  throw new HalftoneError('HT_SHAPE_MISMATCH', `${length} ${what} are no whole blocks of ${size}`, {
    length,
  });
}
