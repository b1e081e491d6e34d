import { type FileHandle, open, readFile, readdir, stat } from 'node:fs/promises';
import { HalftoneError, isHalftoneError } from '@halftone/core';

/**
 * The error of a data file that is damaged or does not fit: HT_DATA_INVALID with `details.path`.
 * `what` says what is wrong and what to do next; the path is put before it.
 */
export function dataInvalid(
  path: string,
  what: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): HalftoneError {
  return new HalftoneError(
    'HT_DATA_INVALID',
    `${path}: ${what}`,
    { ...details, path },
    cause === undefined ? {} : { cause },
  );
}

/** The error of an option that the caller has to give, drop or change; the command ends with its usage code. */
export function usageError(
  option: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): HalftoneError {
  return new HalftoneError('HT_INVALID_ARGUMENT', message, { usage: true, option, ...details });
}

function fileError(path: string, doing: string, cause: unknown): HalftoneError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  const what = errno === 'ENOENT' ? 'no such file or folder; check the path' : `${doing} failed (${errno})`;
  return new HalftoneError('HT_FILE', `${path}: ${what}`, { path, errno }, { cause });
}

async function attempt<T>(path: string, doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (isHalftoneError(cause)) throw cause;
    throw fileError(path, doing, cause);
  }
}

/** Whether `path` is a file or a folder, links followed. Throws HT_FILE where it is neither or not there. */
export async function kindOfPath(path: string): Promise<'file' | 'folder'> {
  const stats = await attempt(path, 'reading', () => stat(path));
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  throw new HalftoneError('HT_FILE', `${path}: neither a file nor a folder`, { path });
}

/** True where `path` is an existing file. */
export async function fileExists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Bytes of a whole file. Throws HT_FILE. */
export async function readBytes(path: string): Promise<Uint8Array> {
  const { buffer, byteOffset, length } = await attempt(path, 'reading', () => readFile(path));
  // Not the Buffer itself: its slice() gives a view where that of a Uint8Array gives a copy.
  return new Uint8Array(buffer, byteOffset, length);
}

/** Text of a whole UTF-8 file, without a byte order mark. Throws HT_FILE. */
export async function readText(path: string): Promise<string> {
  const text = await attempt(path, 'reading', () => readFile(path, 'utf8'));
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

/** Names in a folder by kind, hidden ones left out, sorted by UTF-16 code units on every machine. Throws HT_FILE. */
export async function listFolder(path: string): Promise<{ files: string[]; folders: string[] }> {
  const entries = await attempt(path, 'listing', () => readdir(path, { withFileTypes: true }));
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const linked = entry.isSymbolicLink() ? await kindOfPath(`${path}/${entry.name}`) : undefined;
    if (entry.isFile() || linked === 'file') files.push(entry.name);
    else if (entry.isDirectory() || linked === 'folder') folders.push(entry.name);
  }
  return { files: files.sort(), folders: folders.sort() };
}

/** A zeroed buffer. Throws HT_OUT_OF_MEMORY where the machine refuses it. */
export function allocate(bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new HalftoneError(
      'HT_OUT_OF_MEMORY',
      `${bytes} bytes of one array could not be allocated; split the file into smaller arrays`,
      { bytes },
      { cause },
    );
  }
}

/** A file read by ranges, so that a large one never has to be held whole. */
export class DataFile {
  readonly path: string;
  /** Size in bytes when it was opened. */
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(path: string, size: number, handle: FileHandle) {
    this.path = path;
    this.size = size;
    this.#handle = handle;
  }

  /** Opens a file for reading; the caller closes it. Throws HT_FILE. */
  static async open(path: string): Promise<DataFile> {
    const handle = await attempt(path, 'opening', () => open(path, 'r'));
    try {
      const { size } = await attempt(path, 'reading', () => handle.stat());
      return new DataFile(path, size, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Opens a file for one action and closes it after that. Throws HT_FILE. */
  static async use<T>(path: string, action: (file: DataFile) => Promise<T>): Promise<T> {
    const file = await DataFile.open(path);
    try {
      return await action(file);
    } finally {
      await file.close();
    }
  }

  /** Bytes [offset, offset + length). Throws HT_DATA_INVALID where the file ends before. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    // Compared before allocating: the numbers come from the file itself.
    if (offset < 0 || length < 0 || offset + length > this.size) {
      throw dataInvalid(this.path, `is truncated: ${length} bytes at ${offset} are past its end`, {
        offset,
        length,
        size: this.size,
      });
    }
    const bytes = allocate(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await attempt(this.path, 'reading', () =>
        this.#handle.read(bytes, done, length - done, offset + done),
      );
      if (bytesRead === 0)
        throw dataInvalid(this.path, 'became shorter while it was read', { offset, length });
      done += bytesRead;
    }
    return bytes;
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}
