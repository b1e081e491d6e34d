import type { OpName } from '@halftone/core';

/** A computation with results that come from elsewhere. */
export interface GoldenCase {
  readonly op: OpName;
  readonly name: string;
  readonly spec: object;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly expected: Readonly<Record<string, readonly number[]>>;
  /** Who computed the results, and which of two the case follows. */
  readonly origin: string;
}
