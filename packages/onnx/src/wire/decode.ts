import { HalftoneError } from '@halftone/core';
import { type FieldType, type MessageType, wireOf } from './describe.ts';
import { type PackedKind, PackedNumbers } from './packed.ts';
import { decodeText } from './utf8.ts';
import { readVarint, signedOf, unsignedOf, type VarintHalves } from './varint.ts';

/** Deepest nesting of messages that is read; protobuf's own readers stop there too. */
export const maxDepth = 100;

/** Most bytes of a tag or a length: both have 32 bits, and protobuf's own readers take no more padding. */
const longestHead = 5;

/**
 * What one file may be made of: a message counts as 8, an entry of a list as 1. Real models stay far below; a file made of
 * nothing else would take a hundred times its size in memory, and V8 ends the process where its heap is full.
 */
const maxParts = 16_777_216;
const messageParts = 8;

/**
 * A message as it was read: frozen, its fields as plain properties. A copy made by spreading is an
 * ordinary object, so whatever still is a `Decoded` is untouched and has its bytes.
 */
export class Decoded {
  readonly #file: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(file: Uint8Array, start: number, end: number) {
    this.#file = file;
    this.#start = start;
    this.#end = end;
  }

  /** The bytes that `message` was read from, without copying; undefined for one made in memory. */
  static bytesOf(message: object): Uint8Array | undefined {
    return #file in message ? message.#file.subarray(message.#start, message.#end) : undefined;
  }
}

/**
 * Reads a message. Byte fields are views of `bytes`; fields that the type does not know are kept in
 * `unknownFields` as they stand. `root` names the place in error messages.
 * Throws HT_MODEL_INVALID with `offset` and `path` for damaged bytes, HT_UNSUPPORTED for too many parts.
 */
export function decodeMessage<T extends object>(
  type: MessageType<T>,
  bytes: Uint8Array,
  root: readonly string[] = [],
): T {
  // Node's Buffer differs from Uint8Array where it matters (slice is a view): views shall be plain
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Decoder(plain, root, { parts: maxParts }).message(type, 0, plain.length, 0) as T;
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** What is left to be spent on one file, whatever buffers its parts stand in. */
interface Budget {
  parts: number;
}

class Decoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #path: (string | number)[];
  readonly #halves: VarintHalves = { low: 0, high: 0, next: 0 };
  readonly #budget: Budget;

  constructor(bytes: Uint8Array, root: readonly (string | number)[], budget: Budget) {
    this.#bytes = bytes;
    this.#budget = budget;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#path = [...root];
  }

  message(type: MessageType<object>, start: number, end: number, depth: number): object {
    if (depth > maxDepth) throw this.#damaged(start, `messages are nested more than ${maxDepth} deep`);
    this.#spend(messageParts, start);
    const values = new Map<FieldType, unknown>();
    const unknown: { start: number; end: number }[] = [];
    let at = start;
    while (at < end) {
      const tagAt = at;
      const tag = this.#tag(at, end);
      at = this.#halves.next;
      const wire = tag % 8;
      const field = type.byNumber.get((tag - wire) / 8);
      const valueEnd = this.#skip(tag, at, end, 0);
      // a varint field's payload starts at `at`, a length-delimited one's behind its length
      const payload = wire === 2 ? this.#payload : at;
      if (field === undefined || !this.#take(field, wire, payload, valueEnd, depth, values))
        this.#keep(unknown, tagAt, valueEnd);
      at = valueEnd;
    }
    return this.#finish(new Decoded(this.#bytes, start, end), type, values, unknown, depth);
  }

  /** Start of the length-delimited payload that was skipped last. */
  #payload = 0;

  /** Stores one occurrence of a field; false where its wire type is not the field's. */
  #take(
    field: FieldType,
    wire: number,
    start: number,
    end: number,
    depth: number,
    values: Map<FieldType, unknown>,
  ): boolean {
    if (field.rule === 'single') {
      if (wire !== wireOf[field.kind]) return false;
      if (field.kind === 'message') this.#push(listOf<Range>(values, field), { start, end });
      else values.set(field, this.#scalar(field, start, end));
      return true;
    }
    const numeric = wireOf[field.kind] !== 2;
    if (wire !== wireOf[field.kind] && !(numeric && wire === 2)) return false;
    if (field.rule === 'packed') {
      this.#checkPacked(field, start, end);
      this.#push(listOf<Range>(values, field), { start, end });
    } else if (numeric && wire === 2) this.#unpack(field, start, end, listOf(values, field));
    else {
      const list = listOf<unknown>(values, field);
      if (field.kind === 'message') list.push(this.#child(field, start, end, depth, list.length));
      else this.#push(list, this.#scalar(field, start, end));
    }
    return true;
  }

  /** Notes a field that is not read; those that stand side by side are one piece. */
  #keep(unknown: { start: number; end: number }[], start: number, end: number): void {
    const last = unknown.at(-1);
    if (last?.end === start) last.end = end;
    else this.#push(unknown, { start, end });
  }

  #push<T>(list: T[], entry: T): void {
    this.#spend(1, 0);
    list.push(entry);
  }

  #spend(parts: number, offset: number): void {
    this.#budget.parts -= parts;
    if (this.#budget.parts >= 0) return;
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `${formatPath(this.#path)}: the file is made of more than ${maxParts / messageParts} messages, or lists of more than ${maxParts} entries; keep long lists in tensors`,
      { offset, path: formatPath(this.#path) },
    );
  }

  #finish(
    target: Decoded,
    type: MessageType<object>,
    values: Map<FieldType, unknown>,
    unknown: readonly Range[],
    depth: number,
  ): object {
    const fields = target as unknown as Record<string, unknown>;
    for (const field of type.fields) {
      const value = values.get(field);
      if (value === undefined) continue;
      if (field.rule === 'packed')
        fields[field.name] = new PackedNumbers(field.kind as PackedKind, this.#join(value as Range[]));
      else if (field.rule === 'repeated') fields[field.name] = Object.freeze(value);
      else if (field.kind === 'message') fields[field.name] = this.#merged(field, value as Range[], depth);
      else fields[field.name] = value;
    }
    if (unknown.length > 0) fields['unknownFields'] = this.#join(unknown);
    return Object.freeze(target);
  }

  /** A single nested message that occurs twice is their concatenation, by protobuf's rule; joined once, so that repeats stay linear. */
  #merged(field: FieldType, ranges: readonly Range[], depth: number): object {
    const [first] = ranges as [Range];
    if (ranges.length === 1) return this.#child(field, first.start, first.end, depth, -1);
    for (const range of ranges) this.#checkWhole(range, field.name);
    const joined = this.#join(ranges);
    const type = (field.message as () => MessageType<object>)();
    return new Decoder(joined, [...this.#path, field.name], this.#budget).message(
      type,
      0,
      joined.length,
      depth + 1,
    );
  }

  /** Each part of a message is one by itself: a field that begins in one and ends in the next is damage. */
  #checkWhole({ start, end }: Range, name: string): void {
    this.#path.push(name);
    for (let at = start; at < end; ) {
      const tag = this.#tag(at, end);
      at = this.#skip(tag, this.#halves.next, end, 0);
    }
    this.#path.pop();
  }

  #child(field: FieldType, start: number, end: number, depth: number, index: number): object {
    this.#path.push(field.name);
    if (index >= 0) this.#path.push(index);
    const child = this.message((field.message as () => MessageType<object>)(), start, end, depth + 1);
    this.#path.length -= index >= 0 ? 2 : 1;
    return child;
  }

  #scalar(field: FieldType, start: number, end: number): unknown {
    switch (field.kind) {
      case 'string':
        return decodeText(this.#bytes.subarray(start, end));
      case 'bytes':
        return this.#bytes.subarray(start, end);
      case 'float':
        return this.#view.getFloat32(start, true);
      case 'double':
        return this.#view.getFloat64(start, true);
      default:
        this.#varint(start, end);
        if (field.kind === 'int64') return signedOf(this.#halves.low, this.#halves.high);
        if (field.kind === 'uint64') return unsignedOf(this.#halves.low, this.#halves.high);
        return this.#halves.low | 0;
    }
  }

  /** Packed numbers are decoded later, so that they are whole is checked while their place is known. */
  #checkPacked(field: FieldType, start: number, end: number): void {
    const size = field.kind === 'float' ? 4 : field.kind === 'double' ? 8 : 0;
    let open = 0;
    if (size > 0) open = (end - start) % size;
    else {
      for (let at = start; at < end; at++) {
        const byte = this.#bytes[at] as number;
        const tooLong = open === 9 && byte > 1;
        open = byte < 128 ? 0 : open + 1;
        if (tooLong)
          throw this.#damaged(at, `an element of packed field ${field.name} does not fit in 64 bits`);
      }
    }
    if (open > 0) throw this.#damaged(start, `packed field ${field.name} ends inside an element`);
  }

  #unpack(field: FieldType, start: number, end: number, list: unknown[]): void {
    const size = field.kind === 'float' ? 4 : field.kind === 'double' ? 8 : 0;
    if (size > 0 && (end - start) % size !== 0)
      throw this.#damaged(start, `packed field ${field.name} ends inside an element`);
    for (let at = start; at < end; ) {
      this.#push(list, this.#scalar(field, at, end));
      at = size > 0 ? at + size : this.#halves.next;
    }
  }

  #tag(at: number, end: number): number {
    this.#varint(at, end);
    const { low, high, next } = this.#halves;
    if (high !== 0 || low < 8 || next - at > longestHead)
      throw this.#damaged(at, 'a field has an impossible number');
    return low;
  }

  #varint(at: number, end: number): void {
    readVarint(this.#bytes, at, end, this.#halves);
    if (this.#halves.next === -1) throw this.#damaged(at, 'the data ends inside a number');
    if (this.#halves.next === -2) throw this.#damaged(at, 'a number does not fit in 64 bits');
  }

  /** Position after the value of a field whose tag was read. */
  #skip(tag: number, at: number, end: number, groups: number): number {
    let next: number;
    switch (tag % 8) {
      case 0:
        this.#varint(at, end);
        return this.#halves.next;
      case 1:
        next = at + 8;
        break;
      case 2: {
        this.#varint(at, end);
        const { low, high } = this.#halves;
        this.#payload = this.#halves.next;
        if (this.#payload - at > longestHead) throw this.#damaged(at, 'a length does not fit in 32 bits');
        next = this.#payload + low + high * 4294967296;
        break;
      }
      case 3:
        return this.#skipGroup((tag - 3) / 8, at, end, groups);
      case 5:
        next = at + 4;
        break;
      default:
        throw this.#damaged(at, `a field has the unknown wire type ${tag % 8}`);
    }
    if (next > end) throw this.#damaged(at, `a field needs ${next - at} bytes where ${end - at} are left`);
    return next;
  }

  #skipGroup(number: number, start: number, end: number, groups: number): number {
    if (groups >= maxDepth) throw this.#damaged(start, `groups are nested more than ${maxDepth} deep`);
    let at = start;
    for (;;) {
      const tag = this.#tag(at, end);
      at = this.#halves.next;
      if (tag % 8 !== 4) at = this.#skip(tag, at, end, groups + 1);
      else if ((tag - 4) / 8 === number) return at;
      else throw this.#damaged(at, 'a group ends that was not begun');
    }
  }

  #join(ranges: readonly Range[]): Uint8Array {
    const [first] = ranges as [Range];
    if (ranges.length === 1) return this.#bytes.subarray(first.start, first.end);
    let size = 0;
    for (const range of ranges) size += range.end - range.start;
    const joined = new Uint8Array(size);
    let at = 0;
    for (const range of ranges) {
      joined.set(this.#bytes.subarray(range.start, range.end), at);
      at += range.end - range.start;
    }
    return joined;
  }

  #damaged(offset: number, what: string): HalftoneError {
    const path = formatPath(this.#path);
    return new HalftoneError(
      'HT_MODEL_INVALID',
      `byte ${offset}, ${path === '' ? 'top level' : path}: ${what}; the file is damaged or is no ONNX file`,
      {
        offset,
        path,
      },
    );
  }
}

function listOf<T>(values: Map<FieldType, unknown>, field: FieldType): T[] {
  const known = values.get(field);
  if (known !== undefined) return known as T[];
  const list: T[] = [];
  values.set(field, list);
  return list;
}

function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text;
}
