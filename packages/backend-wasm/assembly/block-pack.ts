// Weights in blocks along K, in panels of eight columns: a record a panel and block.
//
// A record is eight scales, eight zero points as int16, then words: [group of K][column][4 bytes]. A word has the codes of its
// group where one mask, or one shift and a mask, makes operands of a dot product of them: int16 in pairs, or bytes in fours where
// dot products of bytes are exact. Codes are unsigned; those of the other signedness are moved, as their zero points are.
import { Call } from './call';

@inline
export const COLUMNS = 8;
/** Bytes of scales and zero points. */
@inline
export const HEAD: usize = 48;
/** Where zero points stand. */
@inline
export const ZEROS: usize = 32;

/** Blocks of K. */
@inline
export function blocksOf(k: i32, block: i32): i32 {
  return (k + block - 1) / block;
}

/** Bytes of a record. */
@inline
export function recordBytes(block: i32, bits: i32): usize {
  return HEAD + <usize>(block * bits);
}

export function blockPackedBytes(n: i32, k: i32, block: i32, bits: i32): usize {
  return <usize>((n + COLUMNS - 1) / COLUMNS) * <usize>blocksOf(k, block) * recordBytes(block, bits);
}

/** Where, in bits, the code of the element `e` of its group stands in a word: 8 codes of 4 bits, or 4 of 8. */
@inline
export function shiftOf(e: i32, bits: i32): i32 {
  if (ASC_FEATURE_RELAXED_SIMD) return bits == 4 ? ((e & 3) << 3) | (e & 4) : e << 3;
  return ((e & 1) << 4) | ((e >> 1) * bits);
}

@unmanaged
export class BlockPack extends Call {
  b: usize;
  scale: usize;
  zero: usize;
  to: usize;
  n: i32;
  k: i32;
  block: i32;
  bits: i32;
  /** Rows [k, n] with a code in each element, else packed columns of MatMulNBits. */
  rows: i32;
  signed: i32;
}

/** A packed row's code, low bits first. */
@inline
function packedCode(row: usize, i: i32, bits: i32): i32 {
  if (bits == 8) return <i32>load<u8>(row + i);
  return (<i32>load<u8>(row + (i >> 1)) >> ((i & 1) << 2)) & 15;
}

/** An element's code, unsigned. */
@inline
function elementCode(at: usize, bits: i32, flip: i32): i32 {
  return (<i32>load<u8>(at) & ((1 << bits) - 1)) ^ flip;
}

export function blockPack(call: BlockPack): void {
  const n = call.n, k = call.k, block = call.block, bits = call.bits, byRows = call.rows != 0;
  const flip = call.signed ? 1 << (bits - 1) : 0;
  const group = 32 / bits, blocks = blocksOf(k, block), bytes = recordBytes(block, bits);
  memory.fill(call.to, 0, blockPackedBytes(n, k, block, bits));
  const codeRow = <usize>(blocks * block * bits) >> 3, zeroRow = <usize>(blocks * bits + 7) >> 3;
  for (let j = 0; j < n; j++) {
    const codes = call.b + <usize>j * codeRow, zeros = call.zero + <usize>j * zeroRow;
    let record = call.to + <usize>(j / COLUMNS) * <usize>blocks * bytes;
    const column = <usize>(j % COLUMNS);
    for (let t = 0; t < blocks; t++) {
      const at = <usize>t * <usize>n + <usize>j;
      const scale = byRows ? at : <usize>j * <usize>blocks + <usize>t;
      store<f32>(record + (column << 2), load<f32>(call.scale + (scale << 2)));
      const zero = byRows ? elementCode(call.zero + at, bits, flip) : packedCode(zeros, t, bits);
      store<i16>(record + (column << 1), <i16>zero, ZEROS);
      const last = min(k, (t + 1) * block);
      let word = record + HEAD + (column << 2);
      for (let first = t * block; first < last; first += group) {
        let codesOfWord = 0;
        for (let e = 0; e < min(group, last - first); e++) {
          const i = first + e;
          const code = byRows ? elementCode(call.b + <usize>i * <usize>n + <usize>j, bits, flip) : packedCode(codes, i, bits);
          codesOfWord |= code << shiftOf(e, bits);
        }
        store<i32>(word, codesOfWord);
        word += COLUMNS * 4;
      }
      record += bytes;
    }
  }
}
