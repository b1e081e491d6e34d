import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs';
import { access, link, open, readFile, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HalftoneError } from '@halftone/core';
import type { ExternalRange, ExternalReader } from './external-range.ts';
import type { Files, OutputFile } from './files.ts';

const readStep = 1 << 30;
const writeStep = 1 << 26;

/** The file system of Node. */
export const files: Files = {
  pathOf: (url) => fileURLToPath(url),
  read,
  beside: (modelPath) => new FolderReader(modelPath),
  baseName: (path) => basename(path),
  sibling: (path, name) => join(dirname(path), name),
  write,
};

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new HalftoneError('HT_FILE', `${path} cannot be read (${reasonOf(cause)}); check the path`, { path }, { cause });
  }
}

interface KnownFile {
  readonly path: string;
  readonly size: number;
  /** Changes whenever the file does: its identity and time of change. */
  readonly version: string;
}

/** Reads ranges of files below the model's folder; links that lead out of it are refused. */
class FolderReader implements ExternalReader {
  readonly #model: string;
  readonly #folder: string;
  readonly #files = new Map<string, KnownFile>();

  constructor(modelPath: string) {
    this.#model = resolve(modelPath);
    this.#folder = dirname(this.#model);
  }

  check(range: ExternalRange): void {
    const { size } = this.#find(range);
    if (range.offset + range.length > size) {
      throw refused('HT_MODEL_INVALID', range, `the file has ${size} bytes; it is cut off or belongs to another model`);
    }
  }

  read(range: ExternalRange): Uint8Array {
    this.check(range);
    const { path, version } = this.#find(range);
    const handle = this.#open(path, range);
    try {
      if (versionOf(fstatSync(handle)) !== version) throw refused('HT_FILE', range, 'the file was changed since the model was loaded; load the model anew');
      const bytes = new Uint8Array(range.length);
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(handle, bytes, done, Math.min(readStep, bytes.length - done), range.offset + done);
        if (count === 0) throw refused('HT_MODEL_INVALID', range, 'the file ends inside the tensor');
        done += count;
      }
      return bytes;
    } finally {
      closeSync(handle);
    }
  }

  #find(range: ExternalRange): KnownFile {
    const known = this.#files.get(range.location);
    if (known !== undefined) return known;
    const path = this.#realPath(range);
    const handle = this.#open(path, range);
    try {
      const stat = fstatSync(handle);
      if (!stat.isFile()) throw refused('HT_MODEL_INVALID', range, 'it is no regular file');
      const found = { path, size: stat.size, version: versionOf(stat) };
      this.#files.set(range.location, found);
      return found;
    } finally {
      closeSync(handle);
    }
  }

  /** A model that is itself a link (as in download caches) may have its data beside what it links to. */
  #realPath(range: ExternalRange): string {
    let path: string;
    let folders: string[];
    try {
      path = realpathSync(join(this.#folder, range.location));
      folders = [realpathSync(this.#folder), dirname(realpathSync(this.#model))];
    } catch (cause) {
      throw refused('HT_FILE', range, `the file cannot be read (${reasonOf(cause)}); put it beside the model`, cause);
    }
    if (!folders.some((folder) => isInside(folder, path))) throw refused('HT_MODEL_INVALID', range, 'a link leads out of the folder of the model');
    return path;
  }

  #open(path: string, range: ExternalRange): number {
    try {
      // without O_NONBLOCK, opening a named pipe would wait for ever
      return openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (cause) {
      throw refused('HT_FILE', range, `the file cannot be read (${reasonOf(cause)})`, cause);
    }
  }
}

function versionOf(stat: Stats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}`;
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function refused(code: 'HT_FILE' | 'HT_MODEL_INVALID', range: ExternalRange, what: string, cause?: unknown): HalftoneError {
  const place = `tensor "${range.tensor}": external data at "${range.location}", offset ${range.offset}, length ${range.length}`;
  return new HalftoneError(code, `${place}: ${what}`, { ...range }, { cause });
}

async function write(outputs: readonly OutputFile[], overwrite: boolean): Promise<void> {
  const temporary = outputs.map(({ path }) => `${path}.${process.pid}-${counter++}.tmp`);
  const placed: string[] = [];
  try {
    for (const { path } of outputs) if (!overwrite && (await exists(path))) throw taken(path);
    for (const [i, output] of outputs.entries()) await writeOne(temporary[i] as string, output);
    for (const [i, { path }] of outputs.entries()) {
      await place(temporary[i] as string, path, overwrite);
      if (!overwrite) placed.push(path);
    }
  } catch (cause) {
    for (const path of [...temporary, ...placed]) await rm(path, { force: true });
    if (cause instanceof HalftoneError) throw cause;
    const path = outputs.at(-1)?.path ?? '';
    throw new HalftoneError('HT_FILE', `${path} cannot be written (${reasonOf(cause)}); check the folder and the space on the disk`, { path }, { cause });
  }
}

let counter = 0;

async function writeOne(path: string, output: OutputFile): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for (const piece of output.pieces()) {
      for (let at = 0; at < piece.length; ) {
        const { bytesWritten } = await handle.write(piece, at, Math.min(writeStep, piece.length - at));
        at += bytesWritten;
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A link refuses an existing name in the same step that makes it, which a look before a rename cannot. */
async function place(temporary: string, path: string, overwrite: boolean): Promise<void> {
  if (overwrite) {
    await rename(temporary, path);
    return;
  }
  try {
    await link(temporary, path);
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') throw taken(path);
    // file systems without links: the look before is what is left
    if (await exists(path)) throw taken(path);
    await rename(temporary, path);
    return;
  }
  await unlink(temporary);
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function taken(path: string): HalftoneError {
  return new HalftoneError('HT_FILE', `${path} exists already; pass { overwrite: true } or another path`, { path });
}

function codeOf(cause: unknown): string | undefined {
  return (cause as { code?: string } | undefined)?.code;
}

function reasonOf(cause: unknown): string {
  return codeOf(cause) ?? String(cause);
}
