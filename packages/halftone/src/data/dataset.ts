import { HalftoneError, type Tensor } from '@halftone/core';
import { npyFolderSource, npySource, npzSource } from './array-sources.ts';
import { dataInvalid, kindOfPath, usageError } from './data-file.ts';
import { type ArrayScaling, hasScaling } from './fit.ts';
import { imageSource, type PreprocessOrigin } from './image-source.ts';
import { readLabels } from './labels.ts';
import { listSamples } from './listing.ts';
import type { ModelInput } from './model-input.ts';
import type { DatasetKind, SampleSource } from './sample-source.ts';
import { testFolderAt } from './test-sets.ts';
import { testSetSource } from './test-set-source.ts';

/** How a path of data is read for one model. */
export interface DatasetOptions extends PreprocessOrigin, ArrayScaling {
  /** The model's inputs, in its order. */
  readonly inputs: readonly ModelInput[];
  /** A CSV of `file,label`, or an integer NPY; it stands above labels that the data bring along. */
  readonly labels?: string | undefined;
  /** At most this many samples, spread evenly over the sorted list. */
  readonly limit?: number | undefined;
}

/** One sample, ready to be fed with a batch size of 1. */
export interface Sample {
  /** Its path inside the folder, or its index in the array. */
  readonly id: string;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Class index, where the data have labels. */
  readonly label?: number;
}

/** Samples that can be read as often as needed; one is held at a time. */
export interface Dataset {
  readonly kind: DatasetKind;
  /** Number of samples that are read. */
  readonly count: number;
  /** Number of samples at the path, before the limit. */
  readonly total: number;
  readonly hasLabels: boolean;
  /** Reads from the first sample on at each call. Rejects with HT_FILE and HT_DATA_INVALID. */
  samples(): AsyncIterable<Sample>;
  /** One line for people: how many, what, and how they are read. */
  describe(): string;
}

/**
 * Opens the data at `path` for a model: a folder of JPEG and PNG files (a folder a class gives labels), an `.npy`
 * file of shape [count, ...], a folder of `.npy` files (one a sample, or one an input), an `.npz` file (`x` and `y`,
 * or arrays named after the inputs), or a folder of `test_data_set_*`.
 *
 * Arrays are cast to the input's type, reshaped where the counts agree, then take scale, mean and std. Images take
 * `preprocess`, else the preprocessor_config.json in `modelFolder`.
 * `limit` keeps the samples floor(i * total / limit) of the sorted list, so that folders sorted by class keep all
 * classes and the same call always gives the same samples.
 *
 * Throws HT_INVALID_ARGUMENT with `details.usage` and `details.option` for an option that is missing or does not
 * belong to the data, HT_DATA_INVALID for data that are damaged or do not fit, HT_FILE, HT_UNAVAILABLE without sharp.
 */
export async function openDataset(path: string, options: DatasetOptions): Promise<Dataset> {
  const { inputs, limit } = options;
  checkOptions(options);
  const source = await openSource(path, options);
  const { kind, count: total } = source;
  if (total === 0) throw dataInvalid(path, 'holds no sample', { kind });
  refuseForeignOptions(kind, options, path);
  const labels =
    options.labels === undefined
      ? source.labels
      : await readLabels(options.labels, total, (index) => source.id(index));
  const labelOrigin = options.labels ?? source.labelOrigin;
  const indices = spread(total, limit ?? total);
  const scaled = inputs.some(({ dtype }) => dtype === 'float32') && hasScaling(options);
  return {
    kind,
    count: indices.length,
    total,
    hasLabels: labels !== undefined,
    samples: () => readSamples(source, indices, labels),
    describe() {
      const some = indices.length < total ? `${indices.length} of ${total}` : String(total);
      const scaling = scaled ? `; ${describeScaling(options)}` : '';
      const labelled = labels ? `labels from ${labelOrigin}` : 'no labels';
      return `${some} samples (${kind}) in ${path}: ${source.note}${scaling}; ${labelled}`;
    },
  };
}

async function openSource(path: string, options: DatasetOptions): Promise<SampleSource> {
  const { inputs } = options;
  if ((await kindOfPath(path)) === 'file') {
    if (/\.npy$/i.test(path)) return npySource(path, inputs, options);
    if (/\.npz$/i.test(path)) return npzSource(path, inputs, options);
    throw dataInvalid(path, 'is no data that is read; give a folder, an .npy or an .npz file');
  }
  const tests = await testFolderAt(path);
  if (tests) return testSetSource(tests, inputs);
  const listing = await listSamples(path, /\.(?:jpe?g|png|npy)$/i);
  const arrays = listing.files.filter((name) => /\.npy$/i.test(name));
  if (listing.files.length === 0) {
    throw dataInvalid(path, 'holds no JPEG, PNG or .npy file and no test_data_set_* folder');
  }
  if (arrays.length === 0) return imageSource(path, listing, inputs, options);
  if (arrays.length === listing.files.length) return npyFolderSource(path, listing, inputs, options);
  throw dataInvalid(path, `holds images and arrays such as ${arrays[0]}; keep them in folders of their own`, {
    file: arrays[0],
  });
}

function checkOptions({ inputs, limit }: DatasetOptions): void {
  const names = inputs.map(({ name }) => name);
  if (names.length === 0 || new Set(names).size !== names.length) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      'inputs: at least one is needed, each with a name of its own',
      {
        names,
      },
    );
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw usageError('--samples', `a number of samples is an integer from 1, not ${limit}`, { limit });
  }
}

/** An option that would have no effect is refused: the caller believes that it has one. */
function refuseForeignOptions(kind: DatasetKind, options: DatasetOptions, path: string): void {
  const given = (['scale', 'mean', 'std'] as const).find((key) => options[key] !== undefined);
  if (given) {
    const advice = kind === 'images' ? '; images take --preprocess' : '';
    if (
      kind === 'images' ||
      kind === 'test-sets' ||
      !options.inputs.some(({ dtype }) => dtype === 'float32')
    ) {
      throw usageError(`--${given}`, `--${given} is for arrays of float32 inputs, not for ${path}${advice}`, {
        kind,
      });
    }
  }
  if (options.preprocess !== undefined && kind !== 'images') {
    const advice = kind === 'test-sets' ? '' : '; arrays take --scale, --mean and --std';
    throw usageError('--preprocess', `--preprocess is for images, not for ${path}${advice}`, { kind });
  }
}

/** Indices floor(i * total / limit), ascending; all where there are no more than `limit`. */
function spread(total: number, limit: number): number[] {
  const count = Math.min(total, limit);
  return Array.from({ length: count }, (_, i) => Math.floor((i * total) / count));
}

function describeScaling({ scale, mean, std }: ArrayScaling): string {
  const list = (value: number | readonly number[]): string =>
    (typeof value === 'number' ? [value] : value).join(' ');
  const steps = [
    scale !== undefined && `times ${scale}`,
    mean !== undefined && `mean ${list(mean)}`,
    std !== undefined && `std ${list(std)}`,
  ];
  return steps.filter(Boolean).join(', ');
}

async function* readSamples(
  source: SampleSource,
  indices: readonly number[],
  labels: readonly number[] | undefined,
): AsyncGenerator<Sample, void, undefined> {
  let next = 0;
  for await (const feeds of source.feeds(indices)) {
    const index = indices[next++] as number;
    const label = labels?.[index];
    yield { id: source.id(index), feeds, ...(label === undefined ? {} : { label }) };
  }
}
