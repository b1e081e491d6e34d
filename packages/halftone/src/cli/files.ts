import { randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { HalftoneError } from '@halftone/core';

/**
 * Writes a file whole or not at all. Throws HT_FILE where it exists and `overwrite` is not set, or the disk refuses.
 */
export async function writeAtomically(path: string, bytes: Uint8Array, overwrite = false): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    await moveInto(temporary, path, overwrite);
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    throw cause instanceof HalftoneError ? cause : fileError(path, cause);
  }
}

/** Gives a finished temporary file its name. Throws HT_FILE where that exists and `overwrite` is not set, or is a folder. */
async function moveInto(temporary: string, path: string, overwrite: boolean): Promise<void> {
  try {
    if (overwrite) return await rename(temporary, path);
    // Unlike rename, link fails where the name is taken, also by a file made a moment ago.
    await link(temporary, path);
  } catch (cause) {
    if (!overwrite && (cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new HalftoneError('HT_FILE', `${path} exists; pass --force to overwrite it, or -o another name`, {
        path,
      });
    }
    throw fileError(path, cause);
  }
  await unlink(temporary);
}

/**
 * Lets `write` make a draft, and what belongs beside it, in a folder of its own next to `path`; only when `write` has
 * found nothing wrong do the files move to where `path` says. Throws HT_FILE, and what `write` throws: nothing is left then.
 */
export async function writeChecked(
  path: string,
  overwrite: boolean,
  write: (draft: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(path);
  let drafts: string;
  try {
    drafts = await mkdtemp(join(folder, '.halftone-'));
  } catch (cause) {
    throw fileError(path, cause);
  }
  try {
    await write(join(drafts, basename(path)));
    // The model last: whoever sees it finds the weights beside it.
    const names = (await readdir(drafts)).filter((name) => name !== basename(path));
    for (const name of [...names, basename(path)])
      await moveInto(join(drafts, name), join(folder, name), overwrite);
  } finally {
    await rm(drafts, { recursive: true, force: true });
  }
}

/** Makes a folder and those above it. Throws HT_FILE. */
export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw fileError(path, cause);
  });
}

function fileError(path: string, cause: unknown): HalftoneError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return new HalftoneError(
    'HT_FILE',
    `${path} cannot be written (${errno}); check the folder and the free space`,
    { path, errno },
    { cause },
  );
}
