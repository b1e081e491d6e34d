/** Element types that tensors hold. Their meaning is that of ONNX TensorProto.DataType. */
export interface ArrayOf {
  int8: Int8Array;
  uint8: Uint8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  float32: Float32Array;
  /** One byte an element: 0 or 1. */
  bool: Uint8Array;
}

export type DType = keyof ArrayOf;
/** The 8-bit code types. */
export type CodeType = 'int8' | 'uint8';
/** The 16-bit code types, which are quantized and dequantized and have no integer products. */
export type WideCodeType = 'int16' | 'uint16';
/** The code types narrower than a byte. In memory a code takes an element of int8 or uint8; `formats` packs them. */
export type NarrowCodeType = 'int4' | 'uint4' | 'int2' | 'uint2';
/** Every type of codes that reals are quantized to. */
export type AnyCodeType = CodeType | WideCodeType | NarrowCodeType;
/** The dtype of a tensor of codes, or of int32 sums. */
export type HeldAs<D extends AnyCodeType | 'int32'> = D extends 'int4' | 'int2'
  ? 'int8'
  : D extends 'uint4' | 'uint2'
    ? 'uint8'
    : D;
export type TypedArray = ArrayOf[DType];

interface ArrayConstructor<A> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
}

export interface DTypeInfo<D extends DType = DType> {
  readonly name: D;
  readonly bytes: number;
  readonly Array: ArrayConstructor<ArrayOf[D]>;
  /** Smallest and largest value of an integer type; undefined for floats and for int64. */
  readonly range: readonly [min: number, max: number] | undefined;
}

export const dtypes: { readonly [D in DType]: DTypeInfo<D> } = {
  int8: { name: 'int8', bytes: 1, Array: Int8Array, range: [-128, 127] },
  uint8: { name: 'uint8', bytes: 1, Array: Uint8Array, range: [0, 255] },
  int16: { name: 'int16', bytes: 2, Array: Int16Array, range: [-32768, 32767] },
  uint16: { name: 'uint16', bytes: 2, Array: Uint16Array, range: [0, 65535] },
  int32: { name: 'int32', bytes: 4, Array: Int32Array, range: [-2147483648, 2147483647] },
  int64: { name: 'int64', bytes: 8, Array: BigInt64Array, range: undefined },
  float32: { name: 'float32', bytes: 4, Array: Float32Array, range: undefined },
  bool: { name: 'bool', bytes: 1, Array: Uint8Array, range: [0, 1] },
};

/** True for the name of a dtype. */
export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(dtypes, name);
}

const narrow: { readonly [D in NarrowCodeType]: readonly [held: CodeType, min: number, max: number] } = {
  int4: ['int8', -8, 7],
  uint4: ['uint8', 0, 15],
  int2: ['int8', -2, 1],
  uint2: ['uint8', 0, 3],
};

function isNarrow(dtype: AnyCodeType | 'int32'): dtype is NarrowCodeType {
  return Object.hasOwn(narrow, dtype);
}

/** The code types, the common ones first. */
export const codeTypes: readonly AnyCodeType[] = [
  'int8',
  'uint8',
  'int16',
  'uint16',
  ...(Object.keys(narrow) as NarrowCodeType[]),
];

/** True for the name of a code type. */
export function isCodeType(name: unknown): name is AnyCodeType {
  return (codeTypes as readonly unknown[]).includes(name);
}

/** The dtype that codes are held in: their own, or a byte an element of those that are narrower. */
export function heldAs<D extends AnyCodeType | 'int32'>(dtype: D): HeldAs<D> {
  return (isNarrow(dtype) ? narrow[dtype][0] : dtype) as HeldAs<D>;
}

/** Smallest and largest code of a code type. */
export function codeRange(dtype: AnyCodeType): readonly [min: number, max: number] {
  if (!isNarrow(dtype)) return dtypes[dtype].range!;
  const [, min, max] = narrow[dtype];
  return [min, max];
}
