import { access, link, open, rename, rm, unlink } from 'node:fs/promises';
import { HalftoneError } from '@halftone/core';
import type { OutputFile } from '../files.ts';
import { codeOf, reasonOf } from './file-errors.ts';

const writeStep = 1 << 26;

/** Writes files so that all appear whole or none does; see `Files.write`. */
export async function writeFiles(outputs: readonly OutputFile[], overwrite: boolean): Promise<void> {
  const temporary = outputs.map(({ path }) => `${path}.${process.pid}-${counter++}.tmp`);
  const undo: (() => Promise<void>)[] = [];
  try {
    for (const { path } of outputs) if (!overwrite && (await exists(path))) throw taken(path);
    for (const [i, output] of outputs.entries()) await writeOne(temporary[i] as string, output);
    for (const [i, { path }] of outputs.entries()) {
      const isLast = i === outputs.length - 1;
      const restore =
        overwrite && !isLast ? await keepOld(path, `${temporary[i]}.old`) : () => rm(path, { force: true });
      await place(temporary[i] as string, path, overwrite);
      if (!isLast) undo.push(restore);
    }
  } catch (cause) {
    for (const path of temporary) await rm(path, { force: true });
    for (const step of undo) await step();
    if (cause instanceof HalftoneError) throw cause;
    const path = outputs.at(-1)?.path ?? '';
    throw new HalftoneError(
      'HT_FILE',
      `${path} cannot be written (${reasonOf(cause)}); check the folder and the space on the disk`,
      { path },
      { cause },
    );
  } finally {
    for (const path of temporary) await rm(`${path}.old`, { force: true });
  }
}

/** Keeps the file under a second name, where there is one; what is returned puts everything back. */
async function keepOld(path: string, old: string): Promise<() => Promise<void>> {
  try {
    await link(path, old);
  } catch (cause) {
    return codeOf(cause) === 'ENOENT' ? () => rm(path, { force: true }) : () => Promise.resolve();
  }
  return () => rename(old, path);
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
  return new HalftoneError('HT_FILE', `${path} exists already; pass { overwrite: true } or another path`, {
    path,
  });
}
