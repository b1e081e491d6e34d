import { formats, HalftoneError, type Tensor } from '@halftone/core';
import { dataInvalid, DataFile } from './data-file.ts';
import {
  formatNpyHeader,
  type NpyDtype,
  type NpyHeader,
  npyCount,
  npyDataOffset,
  npyItemBytes,
  npyPreambleBytes,
  parseNpyHeader,
} from './npy-header.ts';

/** Elements of an NPY file in host memory; bool is a Uint8Array of 0 and 1, float16 a Float32Array of its values. */
export type NpyData =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

/** An array of an NPY file, always in C order and in the machine's byte order. */
export interface NpyArray {
  readonly dtype: NpyDtype;
  readonly shape: readonly number[];
  readonly data: NpyData;
}

const arrays = {
  b1: Uint8Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
  i8: BigInt64Array,
  u8: BigUint64Array,
  f2: Float32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

/**
 * Reads the bytes of a whole NPY file (versions 1.0, 2.0 and 3.0).
 * The elements are copied, so `bytes` may stand at any offset of its buffer. `source` names the file in errors.
 * Throws HT_DATA_INVALID. Source of the format: numpy.lib.format.
 */
export function decodeNpy(bytes: Uint8Array, source: string): NpyArray {
  const header = parseNpyHeader(bytes, bytes.length, source);
  return decodeElements(bytes.subarray(header.dataOffset), header, header.shape);
}

/** Reads an NPY file. Throws HT_FILE and HT_DATA_INVALID; a size is compared before it is allocated. */
export function readNpy(path: string): Promise<NpyArray> {
  return DataFile.use(path, async (file) => {
    const header = await readNpyHeader(file);
    const bytes = await file.read(header.dataOffset, file.size - header.dataOffset);
    return decodeElements(bytes, header, header.shape);
  });
}

/** Header of an open NPY file, read without its elements. Throws HT_DATA_INVALID. */
export async function readNpyHeader(file: DataFile): Promise<NpyHeader> {
  const preamble = await file.read(0, Math.min(npyPreambleBytes, file.size));
  const offset = npyDataOffset(preamble, file.path);
  return parseNpyHeader(await file.read(0, Math.min(offset, file.size)), file.size, file.path);
}

/**
 * Elements of an array, or of a run of rows of one in C order, from their bytes in a file.
 * `shape` is that of the bytes. Fortran order is turned into C order.
 */
export function decodeElements(
  bytes: Uint8Array,
  header: Pick<NpyHeader, 'dtype' | 'littleEndian' | 'fortranOrder'>,
  shape: readonly number[],
): NpyArray {
  const { dtype } = header;
  const item = npyItemBytes(dtype);
  // A copy gives an aligned buffer of its own, which the order of bytes may be changed in.
  const own = new Uint8Array(bytes);
  if (!header.littleEndian) swapBytes(own, item);
  const data = viewOf(own, dtype);
  const ordered = header.fortranOrder && shape.length > 1 ? toRowMajor(data, shape) : data;
  return { dtype, shape: Object.freeze([...shape]), data: ordered };
}

function viewOf(own: Uint8Array, dtype: NpyDtype): NpyData {
  if (dtype === 'b1') return own.map((byte) => (byte === 0 ? 0 : 1));
  const length = own.length / npyItemBytes(dtype);
  if (dtype === 'f2') return formats.float16.decode(own, length);
  return new arrays[dtype](own.buffer as ArrayBuffer, own.byteOffset, length);
}

function swapBytes(bytes: Uint8Array, item: number): void {
  for (let start = 0; start < bytes.length; start += item) bytes.subarray(start, start + item).reverse();
}

function toRowMajor<A extends NpyData>(source: A, shape: readonly number[]): A {
  const result = source.slice() as A;
  const strides = shape.map((_, axis) => npyCount(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = source[from] as never;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const stride = strides[axis] as number;
      const extent = shape[axis] as number;
      const next = (index[axis] as number) + 1;
      if (next < extent) {
        index[axis] = next;
        from += stride;
        break;
      }
      index[axis] = 0;
      from -= stride * (extent - 1);
    }
  }
  return result;
}

/**
 * Bytes of an NPY file (version 1.0, little endian, C order) with the array's elements.
 * Throws HT_INVALID_ARGUMENT where dtype, shape and data do not belong together.
 */
export function encodeNpy(array: NpyArray): Uint8Array {
  const { dtype, shape, data } = array;
  const Ctor = arrays[dtype];
  if (Ctor === undefined || !(data instanceof Ctor) || npyCount(shape) !== data.length) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `${data.length} elements in a ${data.constructor.name} are no [${shape.join(', ')}] array of ${dtype}; pass the matching typed array`,
      { dtype, shape, length: data.length },
    );
  }
  const header = formatNpyHeader(dtype, shape);
  const elements = dtype === 'f2' ? formats.float16.encode(data as Float32Array) : data;
  const bytes = new Uint8Array(header.length + elements.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), header.length);
  return bytes;
}

const npyOf = {
  int8: 'i1',
  uint8: 'u1',
  int16: 'i2',
  uint16: 'u2',
  int32: 'i4',
  int64: 'i8',
  float32: 'f4',
  bool: 'b1',
} as const;

/** Bytes of an NPY file with a tensor's elements. */
export function encodeTensorAsNpy(tensor: Tensor): Uint8Array {
  return encodeNpy({ dtype: npyOf[tensor.dtype], shape: tensor.shape, data: tensor.data });
}

/** Integers of a one-dimensional array, or of one with a last axis of 1. Throws HT_DATA_INVALID. */
export function integersOf(array: NpyArray, source: string): number[] {
  const flat = array.shape.length === 1 || (array.shape.length === 2 && array.shape[1] === 1);
  if (!flat || !/^[iu]/.test(array.dtype)) {
    throw dataInvalid(
      source,
      `labels are integers of shape [count]; this is [${array.shape.join(', ')}] of ${array.dtype}`,
      { shape: array.shape, dtype: array.dtype },
    );
  }
  return Array.from(array.data as ArrayLike<number | bigint>, Number);
}
