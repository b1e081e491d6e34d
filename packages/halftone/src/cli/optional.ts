import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HalftoneError } from '@halftone/core';
import type { OrtModule } from '../ort.ts';

/**
 * ONNX Runtime, where it is installed: beside the user's files, or beside this package.
 * Throws HT_UNAVAILABLE where it is there and does not load, as without its native part.
 */
export async function findOrt(): Promise<OrtModule | undefined> {
  for (const base of [join(process.cwd(), 'noop.js'), import.meta.url]) {
    let path: string;
    try {
      path = createRequire(base).resolve('onnxruntime-node');
    } catch {
      continue;
    }
    try {
      const module = (await import(pathToFileURL(path).href)) as OrtModule & { default?: OrtModule };
      return module.InferenceSession ? module : module.default;
    } catch (cause) {
      throw new HalftoneError(
        'HT_UNAVAILABLE',
        `onnxruntime-node is installed, but does not load: ${cause instanceof Error ? cause.message : String(cause)}; npm rebuild onnxruntime-node`,
        { package: 'onnxruntime-node' },
        { cause },
      );
    }
  }
  return undefined;
}

/** ONNX Runtime for a command that cannot do without. Throws HT_UNAVAILABLE with the command that installs it. */
export async function requireOrt(why: string): Promise<OrtModule> {
  const ort = await findOrt();
  if (ort) return ort;
  throw new HalftoneError('HT_UNAVAILABLE', `${why} needs ONNX Runtime; npm install onnxruntime-node`, {
    package: 'onnxruntime-node',
  });
}
