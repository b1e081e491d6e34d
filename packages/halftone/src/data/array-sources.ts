import { join } from 'node:path';
import type { Tensor } from '@halftone/core';
import { DataFile, dataInvalid } from './data-file.ts';
import { type ArrayScaling, type Fitter, fitterFor } from './fit.ts';
import { checkLabels } from './labels.ts';
import type { Listing } from './listing.ts';
import { feedShape, type ModelInput } from './model-input.ts';
import { integersOf, type NpyArray, readNpy, readNpyHeader } from './npy.ts';
import { openNpz } from './npz.ts';
import { npyRows, npzRows, type Rows } from './rows.ts';
import type { DatasetKind, SampleSource } from './sample-source.ts';

/** Samples of one NPY file of shape [count, ...]. */
export async function npySource(
  path: string,
  inputs: readonly ModelInput[],
  scaling: ArrayScaling,
): Promise<SampleSource> {
  const input = onlyInput(inputs, path, 'a .npz or a folder with an array named after each input is needed');
  return rowSource('npy', [await npyRows(path)], [input], scaling, undefined);
}

/** Samples of an NPZ file: arrays named after the model's inputs, or `x` for its only one; labels in `y`. */
export async function npzSource(
  path: string,
  inputs: readonly ModelInput[],
  scaling: ArrayScaling,
): Promise<SampleSource> {
  const npz = await openNpz(path);
  const missing = inputs.filter(({ name }) => !npz.names.includes(name));
  const single = inputs.length === 1 && missing.length === 1 && npz.names.includes('x');
  if (missing.length > 0 && !single) {
    throw dataInvalid(
      path,
      `has no array for ${missing.map(({ name }) => name).join(', ')}${inputs.length === 1 ? ', and no x' : ''}; ` +
        `it has ${npz.names.join(', ') || 'none'}`,
      { missing: missing.map(({ name }) => name), names: npz.names },
    );
  }
  const names = single ? ['x'] : inputs.map(({ name }) => name);
  const rows: Rows[] = [];
  for (const name of names) rows.push(await npzRows(npz, name));
  const labelled = npz.names.includes('y') && !names.includes('y');
  const labels = labelled ? { origin: `${path}[y]`, read: () => npz.read('y') } : undefined;
  return rowSource('npz', rows, inputs, scaling, labels);
}

/**
 * Samples of a folder of NPY files: a file for each input, named after it and of shape [count, ...], with labels in
 * `y.npy`; else a file a sample for the only input.
 */
export async function npyFolderSource(
  path: string,
  listing: Listing,
  inputs: readonly ModelInput[],
  scaling: ArrayScaling,
): Promise<SampleSource> {
  const fileOf = ({ name }: ModelInput): string => `${name.replaceAll(/[^\w.-]/g, '_')}.npy`;
  if (inputs.every((input) => listing.files.includes(fileOf(input)))) {
    const rows: Rows[] = [];
    for (const input of inputs) rows.push(await npyRows(join(path, fileOf(input))));
    const origin = join(path, 'y.npy');
    const labelled = listing.files.includes('y.npy') && !inputs.some(({ name }) => name === 'y');
    return rowSource(
      'npy-folder',
      rows,
      inputs,
      scaling,
      labelled ? { origin, read: () => readNpy(origin) } : undefined,
    );
  }
  const input = onlyInput(inputs, path, `the files ${inputs.map(fileOf).join(', ')} are needed`);
  const fit = fitterFor(input, scaling);
  const { files, labels, classes } = listing;
  return {
    kind: 'npy-folder',
    count: files.length,
    labels,
    labelOrigin: classes && `${classes.length} class folders`,
    note: `an array a sample as ${input.name}`,
    id: (index) => files[index] as string,
    async *feeds(indices) {
      for (const index of indices) {
        const file = join(path, files[index] as string);
        await checkSample(file, input);
        yield { [input.name]: fit(await readNpy(file), file) };
      }
    },
  };
}

/** Compares a file's shape before its elements are read: a wrong file may be large. */
async function checkSample(path: string, input: ModelInput): Promise<void> {
  feedShape(input, (await DataFile.use(path, readNpyHeader)).shape, path);
}

function onlyInput(inputs: readonly ModelInput[], path: string, need: string): ModelInput {
  const [input] = inputs;
  if (inputs.length === 1 && input) return input;
  const names = inputs.map(({ name }) => name);
  throw dataInvalid(path, `holds one array a sample, the model has the inputs ${names.join(', ')}; ${need}`, {
    names,
  });
}

interface LabelArray {
  readonly origin: string;
  read(): Promise<NpyArray>;
}

async function rowSource(
  kind: DatasetKind,
  rows: readonly Rows[],
  inputs: readonly ModelInput[],
  scaling: ArrayScaling,
  labelArray: LabelArray | undefined,
): Promise<SampleSource> {
  const columns = rows.map((source, i) => {
    const input = inputs[i] as ModelInput;
    feedShape(input, source.rowShape, source.source);
    return { rows: source, input, fit: fitterFor(input, scaling) };
  });
  const { count, source } = rows[0] as Rows;
  const other = rows.find((entry) => entry.count !== count);
  if (other) {
    throw dataInvalid(other.source, `has ${other.count} samples, ${source} has ${count}`, {
      count,
      other: other.count,
    });
  }
  let labels: number[] | undefined;
  if (labelArray) {
    labels = integersOf(await labelArray.read(), labelArray.origin);
    checkLabels(labels, count, labelArray.origin);
  }
  return {
    kind,
    count,
    labels,
    labelOrigin: labelArray?.origin,
    note: columns.map(({ input, rows: from }) => `[${from.rowShape.join(', ')}] as ${input.name}`).join(', '),
    id: String,
    feeds: (indices) => feedRows(columns, indices),
  };
}

async function* feedRows(
  columns: readonly { rows: Rows; input: ModelInput; fit: Fitter }[],
  indices: readonly number[],
): AsyncGenerator<Record<string, Tensor>, void, undefined> {
  const readers = columns.map(({ rows }) => rows.read(indices));
  try {
    for (const index of indices) {
      const feeds: [name: string, feed: Tensor][] = [];
      for (const [i, { rows, input, fit }] of columns.entries()) {
        const next = await (readers[i] as ReturnType<Rows['read']>).next();
        if (next.done) throw dataInvalid(rows.source, `ends before row ${index}`, { index });
        feeds.push([input.name, fit(next.value, `${rows.source} row ${index}`)]);
      }
      yield Object.fromEntries(feeds);
    }
    // One step past the last row lets an archive compare its checksum.
    for (const reader of readers) await reader.next();
  } finally {
    for (const reader of readers) await reader.return();
  }
}
