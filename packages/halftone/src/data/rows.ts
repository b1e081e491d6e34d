import { DataFile, dataInvalid } from './data-file.ts';
import { decodeElements, type NpyArray, readNpy, readNpyHeader } from './npy.ts';
import { type NpyHeader, npyCount, npyItemBytes } from './npy-header.ts';
import type { Npz } from './npz.ts';

/** An array read a row at a time: a row is everything under one index of the first axis. */
export interface Rows {
  /** The file, and the array in it. */
  readonly source: string;
  readonly count: number;
  readonly rowShape: readonly number[];
  /** The rows with these indices, which ascend. Throws HT_DATA_INVALID and HT_FILE. */
  read(indices: readonly number[]): AsyncGenerator<NpyArray, void, undefined>;
}

/** Rows of an NPY file, read by ranges; a file in Fortran order, where rows are scattered, is held whole. */
export async function npyRows(path: string): Promise<Rows> {
  const header = await DataFile.use(path, readNpyHeader);
  const layout = layoutOf(header, path);
  return {
    ...layout.rows,
    async *read(indices) {
      if (header.fortranOrder) {
        yield* rowsOf(await readNpy(path), indices);
        return;
      }
      const open = await DataFile.open(path);
      try {
        for (const index of indices) {
          const bytes = await open.read(header.dataOffset + index * layout.rowBytes, layout.rowBytes);
          yield decodeElements(bytes, header, layout.rows.rowShape);
        }
      } finally {
        await open.close();
      }
    },
  };
}

/**
 * Rows of an array in an NPZ file, inflated in order, one row at a time; an array in Fortran order is held whole.
 * The checksum is compared after the last row: a damaged file still fails, but late.
 */
export async function npzRows(npz: Npz, name: string): Promise<Rows> {
  const source = `${npz.path}[${name}]`;
  const header = await npz.header(name);
  const layout = layoutOf(header, source);
  return {
    ...layout.rows,
    async *read(indices) {
      if (header.fortranOrder) {
        yield* rowsOf(await npz.read(name), indices);
        return;
      }
      const { elements } = await npz.open(name);
      try {
        let next = 0;
        for (const index of indices) {
          await elements.skip((index - next) * layout.rowBytes);
          next = index + 1;
          const bytes = await elements.read(layout.rowBytes);
          if (bytes.length !== layout.rowBytes)
            throw dataInvalid(source, `ends before row ${index}`, { index });
          yield decodeElements(bytes, header, layout.rows.rowShape);
        }
        await elements.drain();
      } finally {
        await elements.close();
      }
    },
  };
}

function layoutOf(header: NpyHeader, source: string): { rows: Omit<Rows, 'read'>; rowBytes: number } {
  const [count, ...rowShape] = header.shape;
  if (count === undefined) {
    throw dataInvalid(source, 'is a single number; an array of shape [count, ...] is needed', { shape: [] });
  }
  return { rows: { source, count, rowShape }, rowBytes: npyCount(rowShape) * npyItemBytes(header.dtype) };
}

function* rowsOf(array: NpyArray, indices: readonly number[]): Generator<NpyArray, void, undefined> {
  const shape = array.shape.slice(1);
  const length = npyCount(shape);
  for (const index of indices) {
    yield { dtype: array.dtype, shape, data: array.data.slice(index * length, (index + 1) * length) };
  }
}
