import {
  type ArrayOf,
  type DType,
  dtypes,
  type FormatName,
  formats,
  HalftoneError,
  isDType,
  isFormat,
  type Tensor,
} from '@halftone/core';
import type { Constant, ElementType } from '@halftone/graph';
import { type ElementFormat, formatOfCode, formatOfType } from './element-types.ts';
import { type ExternalRange, type ExternalReader, externalRange } from './external-range.ts';
import type { TensorProto } from './messages.ts';
import { invalid, quoted, unsupported } from './place.ts';
import { tensorType } from './schema.ts';
import { decodeMessage } from './wire/decode.ts';
import { encodeMessage, joinPieces } from './wire/encode.ts';
import { eachInteger, lengthOf, type NumberList, PackedNumbers, toFloats } from './wire/packed.ts';

/** A tensor of a file; decoded at most once, and where its bytes are aligned not even copied. */
export class StoredConstant implements Constant {
  readonly name: string;
  readonly elementType: ElementType;
  readonly shape: readonly number[];
  readonly byteLength: number;
  readonly origin: unknown;
  readonly proto: TensorProto;
  readonly #layout: Layout;
  readonly #path: string;
  readonly #reader: ExternalReader | undefined;
  #tensor: Tensor | undefined;
  #decoded: Tensor | undefined;

  constructor(proto: TensorProto, layout: Layout, options: ConstantOptions) {
    this.name = options.name ?? proto.name ?? '';
    this.elementType = layout.format.type;
    this.shape = layout.shape;
    this.byteLength = layout.byteLength;
    this.origin = options.origin;
    this.proto = proto;
    this.#layout = layout;
    this.#path = options.path;
    this.#reader = options.external;
  }

  tensor(): Tensor {
    this.#tensor ??= this.#read();
    return this.#tensor;
  }

  decoded(): Tensor {
    const { name, elementType } = this;
    const place = `${this.#path} ${quoted(name)}`;
    if (!isFormat(elementType)) return this.tensor();
    this.#decoded ??= decodeStored(this.proto, this.#layout, elementType, place, this.#reader);
    return this.#decoded;
  }

  #read(): Tensor {
    return readTensor(this.proto, this.#layout, `${this.#path} ${quoted(this.name)}`, this.#reader);
  }

  /** Where the elements stand, for a tensor in another file. */
  get external(): ExternalRange | undefined {
    return this.#layout.external;
  }

  /** True for a tensor in another file that can be read. */
  get fetchable(): boolean {
    return this.#layout.external !== undefined && this.#reader !== undefined;
  }

  /** True where `raw()` gives the elements. */
  get rawable(): boolean {
    const { external, format } = this.#layout;
    if (external !== undefined) return this.#reader !== undefined;
    return (this.proto.rawData?.length ?? 0) > 0 || isDType(format.type);
  }

  /** The elements as raw data, not kept; undefined where only the file's own form can say them. */
  raw(): Uint8Array | undefined {
    const { external, format } = this.#layout;
    if (external !== undefined) return this.#reader?.read(external);
    const { rawData } = this.proto;
    if (rawData !== undefined && rawData.length > 0) return rawData;
    return isDType(format.type) ? rawOf(this.#tensor ?? this.#read()) : undefined;
  }
}

/** What a TensorProto says of itself, checked against the bytes that it has. */
export interface Layout {
  readonly format: ElementFormat;
  readonly shape: readonly number[];
  readonly count: number;
  readonly byteLength: number;
  readonly external: ExternalRange | undefined;
}

/**
 * Checks a TensorProto: extents, element type, and that exactly the elements that its shape needs are there.
 * Throws HT_MODEL_INVALID, or HT_UNSUPPORTED for an element type that this version does not know.
 */
function layoutOf(proto: TensorProto, path: string): Layout {
  const place = `${path} ${quoted(proto.name)}`;
  const format = formatOfCode(proto.dataType);
  if (format === undefined)
    throw unsupported(place, `element type ${proto.dataType ?? 'none'} is not known`, {
      dataType: proto.dataType,
    });
  if (proto.segment !== undefined)
    throw unsupported(place, 'the tensor is split into segments; save the model with whole tensors');
  const shape = (proto.dims ?? []).map((extent) => {
    if (typeof extent === 'number' && extent >= 0) return extent;
    throw invalid(place, `extent ${extent} in its shape; every extent is an integer >= 0`, {
      tensor: proto.name,
    });
  });
  // what is empty along one axis may not overflow along the others: sums of strides would
  const room = shape.reduce((product, extent) => product * Math.max(1, extent), 1);
  const count = shape.includes(0) ? 0 : room;
  const byteLength = format.bits === 0 ? textBytes(proto) : Math.ceil((count * format.bits) / 8);
  if (!Number.isSafeInteger(room * Math.max(8, format.bits)) || !Number.isSafeInteger(byteLength))
    throw invalid(place, `shape [${shape.join(', ')}] has too many elements`, { tensor: proto.name });
  const external = proto.dataLocation === 1 ? externalRange(proto, byteLength, place) : undefined;
  const layout = { format, shape: Object.freeze(shape), count, byteLength, external };
  if (external === undefined) checkInside(proto, layout, place);
  else if (format.bits === 0)
    throw invalid(place, 'strings cannot stand in an external file', { tensor: proto.name });
  return layout;
}

function checkInside(proto: TensorProto, layout: Layout, place: string): void {
  const { format, count, byteLength, shape } = layout;
  const entries = lengthOf(proto[format.field] as NumberList | undefined);
  const raw = proto.rawData;
  const details = { tensor: proto.name, shape };
  if (raw !== undefined && raw.length > 0) {
    if (format.bits === 0) throw invalid(place, 'strings cannot be raw data', details);
    if (entries > 0) throw invalid(place, `it has both raw data and ${format.field}`, details);
    if (raw.length !== byteLength) {
      throw invalid(
        place,
        `shape [${shape.join(', ')}] of ${format.type} needs ${byteLength} bytes, ${raw.length} are there`,
        details,
      );
    }
    return;
  }
  const needed = Math.ceil(count / format.perEntry);
  if (entries !== needed) {
    throw invalid(
      place,
      `shape [${shape.join(', ')}] of ${format.type} needs ${needed} entries of ${format.field}, ${entries} are there`,
      details,
    );
  }
}

function textBytes(proto: TensorProto): number {
  let total = 0;
  for (const text of proto.stringData ?? []) total += text.length;
  return total;
}

/** What a constant is read from and how it is known. */
export interface ConstantOptions {
  readonly path: string;
  /** Defaults to the tensor's own name. */
  readonly name?: string;
  readonly origin?: unknown;
  readonly external?: ExternalReader | undefined;
}

/** A constant over a TensorProto, which is checked now and decoded when asked for. Errors of `layoutOf`. */
export function constantOfProto(proto: TensorProto, options: ConstantOptions): StoredConstant {
  const layout = layoutOf(proto, options.path);
  if (layout.external !== undefined) options.external?.check(layout.external);
  return new StoredConstant(proto, layout, options);
}

/** The elements of a checked TensorProto. Throws HT_UNSUPPORTED for element types that core does not hold. */
function readTensor(
  proto: TensorProto,
  layout: Layout,
  place: string,
  external: ExternalReader | undefined,
): Tensor {
  const { format, shape, count } = layout;
  const dtype = format.type;
  if (!isDType(dtype)) {
    throw unsupported(
      place,
      `elements of type ${dtype} are not decoded; they can only be written back as they are`,
      { elementType: dtype },
    );
  }
  const bytes =
    layout.external === undefined ? proto.rawData : readExternal(layout.external, place, external);
  if (bytes !== undefined && bytes.length > 0) return { dtype, shape, data: viewOf(dtype, bytes) };
  return { dtype, shape, data: elementsOf(dtype, proto[format.field] as NumberList | undefined, count) };
}

function readExternal(range: ExternalRange, place: string, external: ExternalReader | undefined): Uint8Array {
  if (external !== undefined) return external.read(range);
  throw new HalftoneError(
    'HT_FILE',
    `${place}: the elements are in the file "${range.location}"; open the model by its path with loadOnnx, or pass that file in { externalData }`,
    { ...range },
  );
}

function viewOf<D extends DType>(dtype: D, bytes: Uint8Array): ArrayOf[D] {
  const { Array: Elements, bytes: size } = dtypes[dtype];
  // typed arrays start at multiples of their element size: what a file does not align is copied once
  const { buffer, byteOffset } = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new Elements(buffer, byteOffset, bytes.length / size);
}

function elementsOf(dtype: DType, list: NumberList | undefined, count: number): ArrayOf[DType] {
  if (list === undefined) return new dtypes[dtype].Array(count);
  if (dtype === 'float32') return toFloats(list);
  if (dtype === 'int64') {
    const wide = new BigInt64Array(count);
    eachInteger(list, (value, i) => {
      wide[i] = BigInt(value);
    });
    return wide;
  }
  const narrow = new dtypes[dtype].Array(count);
  eachInteger(list, (value, i) => {
    narrow[i] = Number(value);
  });
  return narrow;
}

/** A TensorProto over a tensor in memory; the elements are not copied. */
export function protoOfTensor(tensor: Tensor, name: string | undefined): TensorProto {
  return {
    dims: tensor.shape,
    dataType: formatOfType(tensor.dtype).code,
    ...(name === undefined || name === '' ? {} : { name }),
    rawData: rawOf(tensor),
  };
}

/** The bytes of a tensor's elements, not copied. */
export function rawOf({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Reads a tensor file (`.pb`) of an ONNX test folder. Element types that are stored and not computed on (float16, float8,
 * int4, float64, uint32 and so on) become the type that core's codec decodes them to.
 * Throws HT_MODEL_INVALID for damaged bytes, HT_UNSUPPORTED for strings and complex numbers, HT_INVALID_ARGUMENT for a
 * uint64 that no type holds.
 */
export function decodeTensor(bytes: Uint8Array): Tensor {
  const proto = decodeMessage(tensorType, bytes, ['tensor']);
  const layout = layoutOf(proto, 'tensor');
  const { type } = layout.format;
  const place = `tensor ${quoted(proto.name)}`;
  if (isFormat(type)) return decodeStored(proto, layout, type, place, undefined);
  return readTensor(proto, layout, place, undefined);
}

/** The elements of a type that core has a codec for. */
function decodeStored(
  proto: TensorProto,
  layout: Layout,
  type: FormatName,
  place: string,
  external: ExternalReader | undefined,
): Tensor {
  const format = formats[type];
  const bytes =
    layout.external === undefined
      ? storedBytes(proto, layout)
      : readExternal(layout.external, place, external);
  return { dtype: format.dtype, shape: layout.shape, data: format.decode(bytes, layout.count) } as Tensor;
}

/** The elements of a checked TensorProto as raw data would hold them, whichever field they stand in. */
function storedBytes(proto: TensorProto, { format, byteLength }: Layout): Uint8Array {
  if (proto.rawData !== undefined && proto.rawData.length > 0) return proto.rawData;
  const list = proto[format.field] as NumberList | undefined;
  if (list === undefined) return new Uint8Array(0);
  if (format.field === 'doubleData') {
    const doubles = list instanceof PackedNumbers ? list.bytes : Float64Array.from(list as Float64Array);
    return doubles instanceof Uint8Array ? doubles : new Uint8Array(doubles.buffer);
  }
  // An entry holds one element, or as many of fewer than 8 bits as fill a byte.
  const size = Math.max(1, format.bits / 8);
  const bytes = new Uint8Array(byteLength);
  eachInteger(list, (value, i) => {
    const wide = BigInt(value);
    for (let b = 0; b < size; b++) bytes[i * size + b] = Number((wide >> BigInt(8 * b)) & 255n);
  });
  return bytes;
}

/** Writes a tensor file (`.pb`) as ONNX test folders hold them; `name` is the value's name. */
export function encodeTensor(tensor: Tensor, name?: string): Uint8Array {
  return joinPieces(encodeMessage(tensorType, protoOfTensor(tensor, name)));
}

/** The value name in a tensor file; empty where it has none. Throws HT_MODEL_INVALID for damaged bytes. */
export function tensorProtoName(bytes: Uint8Array): string {
  return decodeMessage(tensorType, bytes, ['tensor']).name ?? '';
}
