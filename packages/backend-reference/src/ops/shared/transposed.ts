/** Rows copied together: a line of memory is used whole while it is cached. */
const STRIP = 16;

/** A copy of a matrix [rows, columns] as [columns, rows]. */
export function transposed<A extends Int8Array | Uint8Array | Int16Array | Float32Array>(
  x: A,
  rows: number,
  columns: number,
): A {
  const y = x.slice() as A;
  for (let first = 0; first < rows; first += STRIP) {
    const end = Math.min(first + STRIP, rows);
    for (let column = 0; column < columns; column++) {
      for (let row = first; row < end; row++) y[column * rows + row] = x[row * columns + column]!;
    }
  }
  return y;
}
