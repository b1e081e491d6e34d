import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HalftoneError } from '@halftone/core';
import type { Files } from './files.ts';
import { FolderReader } from './node/external-folder.ts';
import { reasonOf } from './node/file-errors.ts';
import { writeFiles } from './node/write-files.ts';

/** The file system of Node. */
export const files: Files = {
  pathOf: (url) => fileURLToPath(url),
  read,
  beside: (modelPath) => new FolderReader(modelPath),
  baseName: (path) => basename(path),
  sibling: (path, name) => join(dirname(path), name),
  write: writeFiles,
};

async function read(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new HalftoneError(
      'HT_FILE',
      `${path} cannot be read (${reasonOf(cause)}); check the path`,
      { path },
      { cause },
    );
  }
}
