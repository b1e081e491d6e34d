import type { Contestant } from '@halftone/bench';

/** Who takes part, and who was meant to. */
export interface Found {
  readonly contestants: readonly Contestant[];
  readonly absent: readonly Absent[];
}

/** A contestant that is not installed where it was asked for, or does not load. */
export interface Absent {
  readonly id: string;
  readonly kind: Contestant['kind'];
  readonly reason: string;
}
