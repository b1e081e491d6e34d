import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import { type HalftoneErrorCode, isHalftoneError } from '@halftone/core';
import { afterAll, expect } from 'vitest';
import { type Dataset, type DatasetOptions, openDataset, type Sample } from '../../src/data/dataset.ts';
import type { ModelInput } from '../../src/data/model-input.ts';
import { encodeNpy, type NpyData } from '../../src/data/npy.ts';
import type { NpyDtype } from '../../src/data/npy-header.ts';

/** A folder of its own for each test file, with a writer that makes folders as needed. */
export async function tempFolder(): Promise<{
  path: string;
  write: (name: string, bytes: Uint8Array | string) => Promise<string>;
}> {
  const path = await mkdtemp(join(tmpdir(), 'halftone-data-'));
  afterAll(() => rm(path, { recursive: true, force: true }));
  return {
    path,
    async write(name, bytes) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
      return file;
    },
  };
}

/** Details of the HalftoneError that a promise rejects with; fails for any other end. */
export async function rejection(
  promise: Promise<unknown>,
  code: HalftoneErrorCode,
): Promise<Record<string, unknown>> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(isHalftoneError(error), String(error)).toBe(true);
  expect((error as { code: string }).code).toBe(code);
  return (error as { details: Record<string, unknown> }).details;
}

/** The same for a function that throws. */
export function thrown(action: () => unknown, code: HalftoneErrorCode): Promise<Record<string, unknown>> {
  return rejection(
    (async () => {
      action();
    })(),
    code,
  );
}

/** All samples of a data set. */
export async function allSamples(dataset: Dataset): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of dataset.samples()) samples.push(sample);
  return samples;
}

/** Feeds of all samples of a path. */
export async function feedsOf(path: string, options: DatasetOptions): Promise<unknown[]> {
  return (await allSamples(await openDataset(path, options))).map(({ feeds }) => feeds);
}

/** Bytes of an NPY file. */
export function npy(dtype: NpyDtype, shape: readonly number[], data: NpyData): Uint8Array {
  return encodeNpy({ dtype, shape, data });
}

/** Float array counting up from `start`. */
export function counting(length: number, start: number = 0): Float32Array {
  return Float32Array.from({ length }, (_, i) => start + i);
}

export function input(name: string, dtype: string, shape: ModelInput['shape']): ModelInput {
  return { name, dtype, shape };
}

export function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** One member of a handmade archive; what is given besides the contents is written although it may be wrong. */
export interface Member {
  name: string;
  data: Uint8Array;
  stored?: boolean;
  method?: number;
  flags?: number;
  size?: number;
  compressedSize?: number;
  crc?: number;
  headerOffset?: number;
  /** Sizes and offset in a ZIP64 extra field of the directory. */
  zip64?: boolean;
}

/** Bytes of a ZIP archive. */
export function zip(
  members: readonly Member[],
  options: { zip64End?: boolean; comment?: string } = {},
): Uint8Array {
  const parts: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const member of members) {
    const name = Buffer.from(member.name);
    const body = member.stored ? Buffer.from(member.data) : deflateRawSync(member.data);
    const method = member.method ?? (member.stored ? 0 : 8);
    const crc = member.crc ?? crc32(member.data);
    const size = member.size ?? member.data.length;
    const compressedSize = member.compressedSize ?? body.length;
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(method, 8);
    local.writeUInt16LE(name.length, 26);
    parts.push(local, name, body);
    const extra = Buffer.alloc(member.zip64 ? 28 : 0);
    const headerOffset = member.headerOffset ?? offset;
    if (member.zip64) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      [size, compressedSize, headerOffset].forEach((value, i) =>
        extra.writeBigUInt64LE(BigInt(value), 4 + i * 8),
      );
    }
    const narrow = (value: number): number => (member.zip64 ? 0xffffffff : value);
    const head = Buffer.alloc(46);
    head.writeUInt32LE(0x02014b50, 0);
    head.writeUInt16LE(member.flags ?? 0, 8);
    head.writeUInt16LE(method, 10);
    head.writeUInt32LE(crc, 16);
    head.writeUInt32LE(narrow(compressedSize), 20);
    head.writeUInt32LE(narrow(size), 24);
    head.writeUInt16LE(name.length, 28);
    head.writeUInt16LE(extra.length, 30);
    head.writeUInt32LE(narrow(headerOffset), 42);
    central.push(head, name, extra);
    offset += 30 + name.length + body.length;
  }
  const directory = Buffer.concat(central);
  const end64 = Buffer.alloc(options.zip64End ? 76 : 0);
  if (options.zip64End) {
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(44n, 4);
    end64.writeBigUInt64LE(BigInt(members.length), 24);
    end64.writeBigUInt64LE(BigInt(members.length), 32);
    end64.writeBigUInt64LE(BigInt(directory.length), 40);
    end64.writeBigUInt64LE(BigInt(offset), 48);
    end64.writeUInt32LE(0x07064b50, 56);
    end64.writeBigUInt64LE(BigInt(offset + directory.length), 64);
    end64.writeUInt32LE(1, 72);
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  const comment = Buffer.from(options.comment ?? '');
  end.writeUInt16LE(options.zip64End ? 0xffff : members.length, 8);
  end.writeUInt16LE(options.zip64End ? 0xffff : members.length, 10);
  end.writeUInt32LE(options.zip64End ? 0xffffffff : directory.length, 12);
  end.writeUInt32LE(options.zip64End ? 0xffffffff : offset, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(Buffer.concat([...parts, directory, end64, end, comment]));
}
