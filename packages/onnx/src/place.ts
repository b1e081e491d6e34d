import { type ErrorDetails, HalftoneError } from '@halftone/core';

/** A name in an error message; an empty one is said to be missing. */
export function quoted(name: string | undefined): string {
  return name === undefined || name === '' ? '(no name)' : `"${name}"`;
}

/** An HT_MODEL_INVALID error at a place of the model (`graph.node[3]`). */
export function invalid(path: string, what: string, details: ErrorDetails = {}): HalftoneError {
  return new HalftoneError('HT_MODEL_INVALID', `${path}: ${what}`, { path, ...details });
}

/** An HT_UNSUPPORTED error at a place of the model. */
export function unsupported(path: string, what: string, details: ErrorDetails = {}): HalftoneError {
  return new HalftoneError('HT_UNSUPPORTED', `${path}: ${what}`, { path, ...details });
}
