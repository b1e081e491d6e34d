import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { HalftoneError } from '@halftone/core';
import type { ExternalRange, ExternalReader } from '../external-range.ts';
import { reasonOf } from './file-errors.ts';

const readStep = 1 << 30;

interface KnownFile {
  readonly path: string;
  readonly size: number;
  /** Changes whenever the file does: its identity and time of change. */
  readonly version: string;
}

/** Reads ranges of files below the model's folder; links that lead out of it are refused. */
export class FolderReader implements ExternalReader {
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
      throw refused(
        'HT_MODEL_INVALID',
        range,
        `the file has ${size} bytes; it is cut off or belongs to another model`,
      );
    }
  }

  read(range: ExternalRange): Uint8Array {
    this.check(range);
    const { path, version } = this.#find(range);
    const handle = this.#open(path, range);
    try {
      if (versionOf(fstatSync(handle)) !== version)
        throw refused(
          'HT_FILE',
          range,
          'the file was changed since the model was loaded; load the model anew',
        );
      const bytes = allocate(range);
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(
          handle,
          bytes,
          done,
          Math.min(readStep, bytes.length - done),
          range.offset + done,
        );
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
      throw refused(
        'HT_FILE',
        range,
        `the file cannot be read (${reasonOf(cause)}); put it beside the model`,
        cause,
      );
    }
    if (!folders.some((folder) => isInside(folder, path)))
      throw refused('HT_MODEL_INVALID', range, 'a link leads out of the folder of the model');
    return path;
  }

  #open(path: string, range: ExternalRange): number {
    try {
      // without O_NONBLOCK, opening a named pipe would wait for ever; the path has no links left, so a link now is a new one
      const noWait = constants.O_NONBLOCK ?? 0;
      return openSync(path, constants.O_RDONLY | noWait | (constants.O_NOFOLLOW ?? 0));
    } catch (cause) {
      throw refused('HT_FILE', range, `the file cannot be read (${reasonOf(cause)})`, cause);
    }
  }
}

function allocate(range: ExternalRange): Uint8Array {
  try {
    return new Uint8Array(range.length);
  } catch (cause) {
    throw refused('HT_OUT_OF_MEMORY', range, 'no memory for the tensor', cause);
  }
}

function versionOf(stat: Stats): string {
  return `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeMs}`;
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function refused(
  code: 'HT_FILE' | 'HT_MODEL_INVALID' | 'HT_OUT_OF_MEMORY',
  range: ExternalRange,
  what: string,
  cause?: unknown,
): HalftoneError {
  const place = `tensor "${range.tensor}": external data at "${range.location}", offset ${range.offset}, length ${range.length}`;
  return new HalftoneError(code, `${place}: ${what}`, { ...range }, { cause });
}
