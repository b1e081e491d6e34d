import { sizeOf, type TensorDesc } from '@halftone/core';

/**
 * What stands for an element. `floats`: itself, as a float. `pairs`: an int32 as two floats, its high and its low 16 bits.
 * `offset`: an int32 of magnitude below 2^29 as the float of bits 2^30 + value, a normal number that every copy keeps.
 */
export type Form = 'floats' | 'pairs' | 'offset';

/** How a tensor stands in a texture: texels of four floats along the last axis, each row filled up to whole texels. */
export interface Layout {
  readonly form: Form;
  /** Elements of the last axis, and how many such rows there are. */
  readonly columns: number;
  readonly rows: number;
  /** Texels of a row. */
  readonly texels: number;
  /** Rows that stand side by side in a line of the texture; 0 where a row is longer than a line and goes on in the next. */
  readonly fold: number;
  readonly width: number;
  readonly height: number;
}

/** The largest magnitude of an int32 in the form `offset`. */
export const OFFSET_LIMIT: number = 0x1fff_ffff;

/** The layout of a tensor where textures have at most so many texels a side. */
export function layoutOf({ dtype, shape }: TensorDesc, side: number, form: Form = formOf(dtype)): Layout {
  const columns = shape.at(-1) ?? 1;
  const rows = columns === 0 ? 0 : sizeOf(shape) / columns;
  const texels = Math.ceil(columns / elementsPerTexel(form));
  const fold = texels > side ? 0 : Math.max(1, Math.ceil(rows / side));
  const width = fold === 0 ? side : Math.max(1, texels * fold);
  const lines = fold === 0 ? Math.ceil((rows * texels) / side) : Math.ceil(rows / fold);
  // gpu.js gives a texture of one line other sides.
  return { form, columns, rows, texels, fold, width, height: Math.max(2, lines) };
}

/** Elements that a texel holds. */
export function elementsPerTexel(form: Form): 2 | 4 {
  return form === 'pairs' ? 2 : 4;
}

export function isEmpty({ rows, columns }: Layout): boolean {
  return rows * columns === 0;
}

function formOf(dtype: TensorDesc['dtype']): Form {
  return dtype === 'int32' ? 'pairs' : 'floats';
}

/** Elements as texels, in the form `floats` or `pairs`. */
export function toTexels(
  data: ArrayLike<number>,
  { form, columns, rows, texels, width, height }: Layout,
): Float32Array {
  const out = new Float32Array(width * height * 4);
  for (let row = 0; row < rows; row++) {
    const from = row * columns;
    // Rows follow one another without a gap, side by side or not.
    const to = row * texels * 4;
    for (let i = 0; i < columns; i++) {
      const value = data[from + i]!;
      if (form === 'floats') out[to + i] = value;
      else {
        out[to + 2 * i] = value >> 16;
        out[to + 2 * i + 1] = value & 0xffff;
      }
    }
  }
  return out;
}

/** Texels as elements. */
export function fromTexels(
  floats: Float32Array,
  { form, columns, rows, texels }: Layout,
  out: Elements,
): void {
  const bits = new Int32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let row = 0; row < rows; row++) {
    const from = row * texels * 4;
    const to = row * columns;
    if (form === 'floats') out.set(floats.subarray(from, from + columns), to);
    else if (form === 'offset') for (let i = 0; i < columns; i++) out[to + i] = bits[from + i]! - 0x4000_0000;
    else
      for (let i = 0; i < columns; i++)
        out[to + i] = (floats[from + 2 * i]! << 16) | floats[from + 2 * i + 1]!;
  }
}

interface Elements {
  [at: number]: number;
  set(source: ArrayLike<number>, at: number): void;
}
