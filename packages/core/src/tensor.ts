import { type ArrayOf, type DType, dtypes, isDType } from './dtype.ts';
import { HalftoneError } from './errors.ts';

/** What a tensor looks like, without its elements. */
export interface TensorDesc<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: readonly number[];
}

/** A dense, row-major tensor in host memory. A plain object: it may be built by hand. */
export interface Tensor<D extends DType = DType> extends TensorDesc<D> {
  readonly data: ArrayOf[D];
}

/**
 * Makes a tensor over `data`, which is not copied; arrays of numbers are converted by the typed array's rules.
 * `shape` defaults to one axis of all elements.
 * Throws HT_INVALID_ARGUMENT for an unknown dtype or a bad extent, HT_SHAPE_MISMATCH where the counts differ.
 */
export function tensor<D extends DType>(
  dtype: D,
  data: ArrayOf[D] | (D extends 'int64' ? readonly bigint[] : readonly number[]),
  shape?: readonly number[],
): Tensor<D> {
  if (!isDType(dtype)) {
    const known = Object.keys(dtypes).join(', ');
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `unknown dtype ${String(dtype)}; one of ${known} is needed`,
      { dtype },
    );
  }
  const { Array: Ctor } = dtypes[dtype];
  const array = (
    data instanceof Ctor ? data : toTyped(dtype, data as readonly (number | bigint)[])
  ) as ArrayOf[D];
  const dims = shape ?? [array.length];
  const size = sizeOf(dims);
  if (size !== array.length) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `shape [${dims.join(', ')}] has ${size} elements, the data ${array.length}; pass data of that length or another shape`,
      { shape: dims, length: array.length },
    );
  }
  return { dtype, shape: Object.freeze([...dims]), data: array };
}

function toTyped(dtype: DType, data: readonly (number | bigint)[]): ArrayOf[DType] {
  if (!Array.isArray(data)) {
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `a ${dtype} tensor needs a ${dtypes[dtype].Array.name} or an array of numbers`,
      { dtype },
    );
  }
  const array = new dtypes[dtype].Array(data.length);
  for (let i = 0; i < data.length; i++) array[i] = data[i] as never;
  return array;
}

/** Allocates a tensor of zeros. */
export function zeros<D extends DType>(dtype: D, shape: readonly number[]): Tensor<D> {
  return { dtype, shape: Object.freeze([...shape]), data: new dtypes[dtype].Array(sizeOf(shape)) };
}

/** Number of elements of a shape (1 for a scalar, 0 with an empty axis). Throws HT_INVALID_ARGUMENT for a bad extent. */
export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `shape [${shape.join(', ')}]: every extent is an integer >= 0`,
        { shape },
      );
    }
    size *= extent;
  }
  if (!Number.isSafeInteger(size)) {
    throw new HalftoneError('HT_INVALID_ARGUMENT', `shape [${shape.join(', ')}] has too many elements`, {
      shape,
    });
  }
  return size;
}

/** Size in bytes of a tensor's elements. */
export function byteSize(desc: TensorDesc): number {
  return sizeOf(desc.shape) * dtypes[desc.dtype].bytes;
}

/** Elements from one index of each axis to the next, of a dense row-major tensor. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((extent, i) => extent === b[i]);
}
