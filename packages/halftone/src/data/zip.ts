import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32, createInflateRaw } from 'node:zlib';
import { isHalftoneError } from '@halftone/core';
import { DataFile, dataInvalid } from './data-file.ts';

/** One member of a ZIP archive, as its central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly method: 'stored' | 'deflate';
  readonly crc: number;
  /** Bytes in the archive. */
  readonly compressedSize: number;
  /** Bytes of the contents. */
  readonly size: number;
  /** Where the member's local header stands. */
  readonly headerOffset: number;
}

const endBytes = 22;
const end64Bytes = 56;
const locatorBytes = 20;
const centralBytes = 46;
const localBytes = 30;
const maxComment = 0xffff;
const signatures = {
  end: 0x06054b50,
  end64: 0x06064b50,
  locator: 0x07064b50,
  central: 0x02014b50,
  local: 0x04034b50,
};

/** Deflate's best ratio is 1032; what claims more is damaged, and allocating its size would be a trap. */
const maxRatio = 1032;

const readStep = 1 << 16;

/**
 * Reads the central directory of a ZIP archive: stored and deflated members, ZIP64 included.
 * Throws HT_FILE, and HT_DATA_INVALID for a damaged archive: sizes that disagree, members that overlap,
 * names that repeat, encryption, other compression methods, archives in several parts.
 * Source: PKWARE APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
 */
export function readZipDirectory(path: string): Promise<ZipEntry[]> {
  return DataFile.use(path, async (file) => {
    const { offset, size, count } = await findDirectory(file);
    const entries = parseEntries(await file.read(offset, size), count, path);
    checkPlaces(entries, offset, path);
    return entries;
  });
}

interface Directory {
  offset: number;
  size: number;
  count: number;
}

async function findDirectory(file: DataFile): Promise<Directory> {
  const { path, size } = file;
  if (size < endBytes) throw dataInvalid(path, 'is too short for a ZIP archive', { size });
  const tailStart = Math.max(0, size - endBytes - maxComment);
  const tail = viewOf(await file.read(tailStart, size - tailStart));
  let at = tail.byteLength - endBytes;
  const isEnd = (p: number): boolean =>
    tail.getUint32(p, true) === signatures.end &&
    p + endBytes + tail.getUint16(p + 20, true) === tail.byteLength;
  while (at >= 0 && !isEnd(at)) at--;
  if (at < 0) throw dataInvalid(path, 'has no ZIP directory at its end; it is no archive, or it is cut');
  let directory = {
    offset: tail.getUint32(at + 16, true),
    size: tail.getUint32(at + 12, true),
    count: tail.getUint16(at + 10, true),
  };
  let parts = [tail.getUint16(at + 4, true), tail.getUint16(at + 6, true)];
  let boundary = tailStart + at;
  const locatorAt = boundary - locatorBytes;
  const locator = locatorAt >= 0 ? viewOf(await file.read(locatorAt, locatorBytes)) : undefined;
  if (locator?.getUint32(0, true) === signatures.locator) {
    boundary = wide(locator, 8, path);
    const record = viewOf(await file.read(boundary, end64Bytes));
    if (record.getUint32(0, true) !== signatures.end64 || boundary + end64Bytes > locatorAt) {
      throw dataInvalid(path, 'has a damaged ZIP64 directory record', { offset: boundary });
    }
    parts = [record.getUint32(16, true), record.getUint32(20, true)];
    directory = {
      offset: wide(record, 48, path),
      size: wide(record, 40, path),
      count: wide(record, 32, path),
    };
  }
  if (parts.some((part) => part !== 0)) throw dataInvalid(path, 'is one of several ZIP parts; join them');
  if (directory.offset + directory.size !== boundary || directory.count * centralBytes > directory.size) {
    throw dataInvalid(path, 'has a ZIP directory whose place and size disagree', { ...directory, boundary });
  }
  return directory;
}

function parseEntries(bytes: Uint8Array, count: number, path: string): ZipEntry[] {
  const view = viewOf(bytes);
  const entries: ZipEntry[] = [];
  const names = new Set<string>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + centralBytes > bytes.length || view.getUint32(at, true) !== signatures.central) {
      throw dataInvalid(path, `has a damaged ZIP directory at member ${i}`, { member: i });
    }
    const nameEnd = at + centralBytes + view.getUint16(at + 28, true);
    const extraEnd = nameEnd + view.getUint16(at + 30, true);
    const next = extraEnd + view.getUint16(at + 32, true);
    if (next > bytes.length) throw dataInvalid(path, `has a ZIP directory cut at member ${i}`, { member: i });
    const name = new TextDecoder().decode(bytes.subarray(at + centralBytes, nameEnd));
    const entry = parseEntry(view, at, { name, nameEnd, extraEnd }, path);
    if (names.has(name)) throw dataInvalid(path, `has two members named ${name}`, { member: name });
    names.add(name);
    entries.push(entry);
    at = next;
  }
  if (at !== bytes.length) throw dataInvalid(path, 'has bytes after the last member of its ZIP directory');
  return entries;
}

function parseEntry(
  view: DataView,
  at: number,
  place: { name: string; nameEnd: number; extraEnd: number },
  path: string,
): ZipEntry {
  const { name } = place;
  const refuse = (what: string): never => {
    throw dataInvalid(path, `member ${name}: ${what}`, { member: name });
  };
  if (view.getUint16(at + 8, true) & 1) refuse('is encrypted; save it without a password');
  const code = view.getUint16(at + 10, true);
  if (code !== 0 && code !== 8)
    refuse(`has compression method ${code}; stored and deflated members are read`);
  const fields = { size: view.getUint32(at + 24, true), compressedSize: view.getUint32(at + 20, true) };
  const wideFields = { ...fields, headerOffset: view.getUint32(at + 42, true) };
  const missing = (Object.keys(wideFields) as (keyof typeof wideFields)[]).filter(
    (field) => wideFields[field] === 0xffffffff,
  );
  if (missing.length > 0) {
    let from =
      findZip64(view, place.nameEnd, place.extraEnd, missing.length * 8) ?? refuse('lacks its ZIP64 sizes');
    for (const field of missing) {
      wideFields[field] = wide(view, from, path);
      from += 8;
    }
  }
  const { size, compressedSize } = wideFields;
  if (code === 0 && size !== compressedSize) refuse('is stored, yet its two sizes differ');
  if (code === 8 && size > compressedSize * maxRatio) refuse(`claims ${size} bytes out of ${compressedSize}`);
  return {
    name,
    method: code === 0 ? 'stored' : 'deflate',
    crc: view.getUint32(at + 16, true),
    ...wideFields,
  };
}

function findZip64(view: DataView, start: number, end: number, needed: number): number | undefined {
  for (let at = start; at + 4 <= end; ) {
    const length = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1)
      return length >= needed && at + 4 + length <= end ? at + 4 : undefined;
    at += 4 + length;
  }
  return undefined;
}

function checkPlaces(entries: readonly ZipEntry[], directoryOffset: number, path: string): void {
  const sorted = [...entries].sort((a, b) => a.headerOffset - b.headerOffset);
  sorted.forEach((entry, i) => {
    const limit = sorted[i + 1]?.headerOffset ?? directoryOffset;
    if (entry.headerOffset + localBytes + entry.compressedSize > limit) {
      throw dataInvalid(path, `member ${entry.name} overlaps what follows it`, { member: entry.name, limit });
    }
  });
}

/**
 * Contents of a member, in pieces of at most 64 KiB.
 * Throws HT_DATA_INVALID as soon as there is more than the declared size, and at the end for less or for a wrong
 * CRC-32; a reader that stops early skips that last check.
 */
export async function* zipContents(
  path: string,
  entry: ZipEntry,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  let crc = 0;
  for await (const piece of entry.method === 'stored' ? rawContents(path, entry) : inflated(path, entry)) {
    size += piece.length;
    if (size > entry.size) {
      throw dataInvalid(path, `member ${entry.name} holds more than its ${entry.size} bytes`, {
        member: entry.name,
      });
    }
    crc = crc32(piece, crc);
    yield piece;
  }
  if (size !== entry.size || crc !== entry.crc) {
    throw dataInvalid(path, `member ${entry.name} is damaged: its size or checksum differs`, {
      member: entry.name,
      size,
      crc,
    });
  }
}

async function* rawContents(path: string, entry: ZipEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await DataFile.open(path);
  try {
    const local = viewOf(await file.read(entry.headerOffset, localBytes));
    const start = entry.headerOffset + localBytes + local.getUint16(26, true) + local.getUint16(28, true);
    if (local.getUint32(0, true) !== signatures.local) {
      throw dataInvalid(path, `member ${entry.name} has no local header`, { member: entry.name });
    }
    const end = start + entry.compressedSize;
    for (let at = start; at < end; at += readStep) yield await file.read(at, Math.min(readStep, end - at));
  } finally {
    await file.close();
  }
}

async function* inflated(path: string, entry: ZipEntry): AsyncGenerator<Uint8Array, void, undefined> {
  const inflate = createInflateRaw();
  // A failure ends the loop below too; this handler only keeps it from being unhandled.
  const feeding = pipeline(Readable.from(rawContents(path, entry)), inflate).catch(() => {});
  try {
    for await (const piece of inflate) yield piece as Uint8Array;
  } catch (error) {
    if (isHalftoneError(error)) throw error;
    throw dataInvalid(
      path,
      `member ${entry.name} cannot be inflated; the archive is damaged`,
      { member: entry.name },
      error,
    );
  } finally {
    inflate.destroy();
    await feeding;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function wide(view: DataView, at: number, path: string): number {
  const value = Number(view.getBigUint64(at, true));
  if (!Number.isSafeInteger(value)) throw dataInvalid(path, 'has a ZIP64 number past 2^53', { offset: at });
  return value;
}
