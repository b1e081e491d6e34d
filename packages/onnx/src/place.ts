import { type ErrorDetails, HalftoneError } from '@halftone/core';

/** A name in an error message; an empty one is said to be missing, a long one is cut: a file's names may have megabytes. */
export function quoted(name: string | undefined): string {
  if (name === undefined || name === '') return '(no name)';
  return name.length <= longestName
    ? `"${name}"`
    : `"${name.slice(0, longestName)}…" (${name.length} characters)`;
}

const longestName = 200;

/** An HT_MODEL_INVALID error at a place of the model (`graph.node[3]`). */
export function invalid(path: string, what: string, details: ErrorDetails = {}): HalftoneError {
  return new HalftoneError('HT_MODEL_INVALID', `${path}: ${what}`, { path, ...details });
}

/** An HT_UNSUPPORTED error at a place of the model. */
export function unsupported(path: string, what: string, details: ErrorDetails = {}): HalftoneError {
  return new HalftoneError('HT_UNSUPPORTED', `${path}: ${what}`, { path, ...details });
}
