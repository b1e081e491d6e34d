import { dtypes } from './dtype.ts';
import { walk } from './elements/walk.ts';
import { stridesOf, type Tensor } from './tensor.ts';

/** Copies a host tensor with its axes permuted: axis i of the result is axis perm[i] of `x`. */
export function transposeTensor<T extends Tensor>(x: T, perm: readonly number[]): T {
  const shape = perm.map((axis) => x.shape[axis]!);
  const out = new dtypes[x.dtype].Array(x.data.length);
  transposeInto(x.data as Float32Array, x.shape, perm, out as Float32Array);
  return { dtype: x.dtype, shape, data: out } as unknown as T;
}

/** The loop of `transposeTensor`, over arrays of any one element type. */
export function transposeInto(
  x: Float32Array | Int32Array,
  shape: readonly number[],
  perm: readonly number[],
  y: Float32Array | Int32Array,
): void {
  const strides = stridesOf(shape);
  walk(
    perm.map((axis) => shape[axis]!),
    perm.map((axis) => strides[axis]!),
    0,
    x,
    y,
  );
}
