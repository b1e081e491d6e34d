import { HalftoneError } from '@halftone/core';
import type { Files } from './files.ts';

function none(): never {
  throw new HalftoneError(
    'HT_UNAVAILABLE',
    'there is no file system here; fetch the bytes and pass them to loadOnnx (files beside the model in { externalData }), and write with serializeOnnx',
  );
}

/** The file system of a place that has none: everything throws HT_UNAVAILABLE. */
export const files: Files = {
  pathOf: none,
  read: none,
  beside: none,
  baseName: none,
  sibling: none,
  write: none,
};
