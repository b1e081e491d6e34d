import { join } from 'node:path';
import { dataInvalid, fileExists, readBytes, usageError } from './data-file.ts';
import { imageReader } from './images.ts';
import type { Listing } from './listing.ts';
import { formatShape, imageInput, type ModelInput } from './model-input.ts';
import { parsePreprocess, type Preprocess, readPreprocess } from './preprocess.ts';
import type { SampleSource } from './sample-source.ts';

/** Where the preprocessing of images may come from. */
export interface PreprocessOrigin {
  /** A path of a preprocessor_config.json, or its contents. */
  readonly preprocess?: string | Readonly<Record<string, unknown>> | undefined;
  /** Folder of the model; a preprocessor_config.json there is used where `preprocess` is left out. */
  readonly modelFolder?: string | undefined;
}

/** Samples of a folder of JPEG and PNG files. Throws HT_INVALID_ARGUMENT where no preprocessing is given. */
export async function imageSource(
  path: string,
  listing: Listing,
  inputs: readonly ModelInput[],
  origin: PreprocessOrigin,
): Promise<SampleSource> {
  const [input] = inputs;
  if (inputs.length !== 1 || !input) {
    throw dataInvalid(
      path,
      `holds images, the model has ${inputs.length} inputs; give .npz or test_data_set_* data`,
      {
        inputs: inputs.map(({ name }) => name),
      },
    );
  }
  const { steps, source } = await findPreprocess(path, origin);
  const read = await imageReader(input, steps, source);
  const { files, labels, classes } = listing;
  return {
    kind: 'images',
    count: files.length,
    labels,
    labelOrigin: classes && `${classes.length} class folders`,
    note: `${describeSteps(steps)} (${source}), ${imageInput(input, path).layout} as ${input.name} ${formatShape(input.shape)}`,
    id: (index) => files[index] as string,
    async *feeds(indices) {
      for (const index of indices) {
        const file = join(path, files[index] as string);
        yield { [input.name]: await read(await readBytes(file), file) };
      }
    },
  };
}

async function findPreprocess(
  path: string,
  origin: PreprocessOrigin,
): Promise<{ steps: Preprocess; source: string }> {
  const { preprocess, modelFolder } = origin;
  if (typeof preprocess === 'string') return { steps: await readPreprocess(preprocess), source: preprocess };
  if (preprocess !== undefined) return { steps: parsePreprocess(preprocess), source: 'preprocess' };
  if (modelFolder !== undefined) {
    const beside = join(modelFolder, 'preprocessor_config.json');
    if (await fileExists(beside)) return { steps: await readPreprocess(beside), source: beside };
  }
  throw usageError(
    '--preprocess',
    `${path} holds images, and how the model wants them is not known; give --preprocess preprocessor_config.json ` +
      `or put that file beside the model`,
    { path },
  );
}

function describeSteps(steps: Preprocess): string {
  const { resize, kernel, crop, rescale, normalize } = steps;
  const size =
    resize && ('shorter' in resize ? `shorter side ${resize.shorter}` : `${resize.width} x ${resize.height}`);
  const done = [
    size && `${size} ${kernel}`,
    crop && `centre ${crop.width} x ${crop.height}`,
    rescale !== undefined && `times ${Number(rescale.toPrecision(6))}`,
    normalize && `mean ${normalize.mean.join(' ')} std ${normalize.std.join(' ')}`,
  ];
  return done.filter(Boolean).join(', ') || 'pixels as they are';
}
