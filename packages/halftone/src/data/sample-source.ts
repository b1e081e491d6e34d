import type { Tensor } from '@halftone/core';

/** What a data set is read from. */
export type DatasetKind = 'images' | 'npy' | 'npy-folder' | 'npz' | 'test-sets';

/** All samples of one path, before labels from outside and a limit are applied. */
export interface SampleSource {
  readonly kind: DatasetKind;
  readonly count: number;
  /** Class indices that the data bring along, one a sample. */
  readonly labels: readonly number[] | undefined;
  /** Where those labels come from, for people. */
  readonly labelOrigin: string | undefined;
  /** How the data are read, for people. */
  readonly note: string;
  /** Name of a sample: its path inside the folder, or its index. */
  id(index: number): string;
  /** Feeds of the samples with these indices, which ascend; one sample is held at a time. */
  feeds(indices: readonly number[]): AsyncGenerator<Record<string, Tensor>, void, undefined>;
}
