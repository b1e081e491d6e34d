import { dtypes } from './dtype.ts';
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
  if (x.length === 0) return;
  const rank = perm.length;
  if (rank === 0) {
    y[0] = x[0]!;
    return;
  }
  const strides = stridesOf(shape);
  const extents = perm.map((axis) => shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const inner = extents[rank - 1]!;
  const step = steps[rank - 1]!;
  const index = new Array<number>(rank).fill(0);
  let base = 0;
  for (let out = 0; out < y.length; ) {
    for (let i = 0, at = base; i < inner; i++, at += step) y[out++] = x[at]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += steps[axis]!;
      if (++index[axis]! < extents[axis]!) break;
      base -= steps[axis]! * extents[axis]!;
      index[axis] = 0;
    }
  }
}
