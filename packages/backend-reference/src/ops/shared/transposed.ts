/** A copy of a matrix [rows, columns] as [columns, rows]. */
export function transposed<A extends Int8Array | Uint8Array | Int16Array | Float32Array>(
  x: A,
  rows: number,
  columns: number,
): A {
  const y = x.slice() as A;
  for (let column = 0, i = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) y[i++] = x[row * columns + column]!;
  }
  return y;
}
