import { HalftoneError } from '@halftone/core';
import { Decoded } from './decode.ts';
import { type FieldType, type MessageType, wireOf } from './describe.ts';
import { type NumberList, PackedNumbers } from './packed.ts';
import { encodeText } from './utf8.ts';
import { type Int64, pushInt64, pushVarint } from './varint.ts';

const copyBelow = 4096;
/** Bytes of a known length that are fetched when they are written, and not kept. */
export class LazyBytes {
  readonly length: number;
  readonly fetch: () => Uint8Array;

  constructor(length: number, fetch: () => Uint8Array) {
    this.length = length;
    this.fetch = fetch;
  }
}

/** Bytes in pieces: large ones are references to where they stand already, so that weights are never copied. */
export interface Pieces {
  readonly length: number;
  readonly parts: readonly (Uint8Array | LazyBytes)[];
}

/** The bytes of pieces one after the other; at most one fetched piece is held at a time. */
export function* bytesOf({ parts }: Pieces): Generator<Uint8Array> {
  for (const part of parts) yield part instanceof LazyBytes ? part.fetch() : part;
}

/**
 * Writes a message. What was read and is untouched is written as it stood; other messages field by
 * field in ascending order of number, the unknown fields behind them.
 * Throws HT_INVALID_ARGUMENT for a value that its field cannot hold.
 */
export function encodeMessage<T extends object>(type: MessageType<T>, message: T): Pieces {
  const bytes = Decoded.bytesOf(message);
  if (bytes !== undefined) return { length: bytes.length, parts: [bytes] };
  const out = new PieceWriter();
  const fields = message as Readonly<Record<string, unknown>>;
  for (const field of type.fields) {
    const value = fields[field.name];
    if (value !== undefined) writeField(out, type, field, value);
  }
  if (fields['unknownFields'] instanceof Uint8Array) out.bytes(fields['unknownFields']);
  return out.finish();
}

/** Throws HT_UNSUPPORTED past 2 GiB, the limit of protobuf. */
export function checkLength({ length }: Pieces): void {
  if (length <= 2147483647) return;
  throw new HalftoneError(
    'HT_UNSUPPORTED',
    `the model takes ${length} bytes, and one ONNX file holds less than 2 GiB; save it with { externalData: true }`,
    { length },
  );
}

/** The pieces in one array. Throws HT_UNSUPPORTED past 2 GiB. */
export function joinPieces(pieces: Pieces): Uint8Array {
  checkLength(pieces);
  const bytes = new Uint8Array(pieces.length);
  let at = 0;
  for (const part of bytesOf(pieces)) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

class PieceWriter {
  readonly #parts: (Uint8Array | LazyBytes)[] = [];
  #tail = new Uint8Array(64);
  #used = 0;
  #length = 0;

  bytes(bytes: Uint8Array | LazyBytes): void {
    this.#length += bytes.length;
    if (bytes instanceof LazyBytes || bytes.length >= copyBelow) {
      this.#flush();
      this.#parts.push(bytes);
      return;
    }
    if (this.#used + bytes.length > this.#tail.length) {
      const grown = new Uint8Array(Math.max(this.#tail.length * 2, this.#used + bytes.length));
      grown.set(this.#tail.subarray(0, this.#used));
      this.#tail = grown;
    }
    this.#tail.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  numbers(bytes: readonly number[]): void {
    this.bytes(Uint8Array.from(bytes));
  }

  finish(): Pieces {
    this.#flush();
    return { length: this.#length, parts: this.#parts };
  }

  #flush(): void {
    if (this.#used === 0) return;
    this.#parts.push(this.#tail.subarray(0, this.#used));
    this.#tail = new Uint8Array(64);
    this.#used = 0;
  }
}

function writeField(out: PieceWriter, type: MessageType<object>, field: FieldType, value: unknown): void {
  const place = `${type.name}.${field.name}`;
  if (field.rule === 'single') {
    writeEntry(out, field, value, place);
    return;
  }
  if (!isList(value)) throw unfit(place, value, 'a list');
  if (field.rule === 'repeated')
    for (const entry of value as Iterable<unknown>) writeEntry(out, field, entry, place);
  else writePacked(out, field, value as NumberList, place);
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value) || value instanceof PackedNumbers;
}

function writeEntry(out: PieceWriter, field: FieldType, value: unknown, place: string): void {
  const head: number[] = [];
  pushVarint(head, field.number * 8 + wireOf[field.kind]);
  if (wireOf[field.kind] !== 2) {
    pushNumber(head, field, value, place);
    out.numbers(head);
    return;
  }
  const pieces = payloadOf(field, value, place);
  pushVarint(head, pieces.length);
  out.numbers(head);
  for (const part of pieces.parts) out.bytes(part);
}

function payloadOf(field: FieldType, value: unknown, place: string): Pieces {
  if (field.kind === 'string') {
    if (typeof value !== 'string') throw unfit(place, value, 'a string');
    const bytes = encodeText(value);
    return { length: bytes.length, parts: [bytes] };
  }
  if (field.kind === 'bytes') {
    if (!(value instanceof Uint8Array || value instanceof LazyBytes))
      throw unfit(place, value, 'a Uint8Array');
    return { length: value.length, parts: [value] };
  }
  if (typeof value !== 'object' || value === null) throw unfit(place, value, 'a message');
  return encodeMessage((field.message as () => MessageType<object>)(), value);
}

function writePacked(out: PieceWriter, field: FieldType, list: NumberList, place: string): void {
  if (list.length === 0) return;
  const bytes =
    list instanceof PackedNumbers ? list.bytes : packNumbers(field, list as ArrayLike<Int64>, place);
  const head: number[] = [];
  pushVarint(head, field.number * 8 + 2);
  pushVarint(head, bytes.length);
  out.numbers(head);
  out.bytes(bytes);
}

function packNumbers(field: FieldType, list: ArrayLike<Int64>, place: string): Uint8Array {
  const packed: number[] = [];
  for (let i = 0; i < list.length; i++) pushNumber(packed, field, list[i], place);
  return Uint8Array.from(packed);
}

const scratch = new DataView(new ArrayBuffer(8));

function pushNumber(out: number[], field: FieldType, value: unknown, place: string): void {
  if (field.kind === 'float' || field.kind === 'double') {
    if (typeof value !== 'number') throw unfit(place, value, 'a number');
    if (field.kind === 'float') scratch.setFloat32(0, value, true);
    else scratch.setFloat64(0, value, true);
    for (let i = 0; i < (field.kind === 'float' ? 4 : 8); i++) out.push(scratch.getUint8(i));
    return;
  }
  if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) throw unfit(place, value, 'an integer');
  const [least, most] = integerRange[field.kind as keyof typeof integerRange];
  if ((value as Int64) < least || (value as Int64) > most) throw unfit(place, value, `an ${field.kind}`);
  pushInt64(out, value as Int64);
}

const integerRange = {
  int32: [-2147483648n, 2147483647n],
  enum: [-2147483648n, 2147483647n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
} as const;

function unfit(place: string, value: unknown, needed: string): HalftoneError {
  const simple = typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';
  const what = simple ? String(value) : `of type ${typeof value}`;
  return new HalftoneError('HT_INVALID_ARGUMENT', `${place} is ${what}; it takes ${needed}`, { path: place });
}
