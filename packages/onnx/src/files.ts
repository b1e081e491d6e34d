import type { ExternalReader } from './external-range.ts';

/** A file to write. */
export interface OutputFile {
  readonly path: string;
  readonly pieces: () => Iterable<Uint8Array>;
}

/** What the package needs of a file system; browsers have none. */
export interface Files {
  /** The path that a `file:` URL names. */
  readonly pathOf: (url: string) => string;
  /** Reads a whole file. Throws HT_FILE. */
  readonly read: (path: string) => Promise<Uint8Array>;
  /** A reader of the files beside a model. */
  readonly beside: (modelPath: string) => ExternalReader;
  /** Last part of a path. */
  readonly baseName: (path: string) => string;
  /** Path of a file in the folder of another. */
  readonly sibling: (path: string, name: string) => string;
  /**
   * Writes files so that each appears whole or not at all: beside its place first, then renamed, the last one last.
   * Throws HT_FILE; what was written by then is removed.
   */
  readonly write: (files: readonly OutputFile[], overwrite: boolean) => Promise<void>;
}
