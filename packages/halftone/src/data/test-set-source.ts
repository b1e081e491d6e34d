import { basename } from 'node:path';
import { dataInvalid } from './data-file.ts';
import type { ModelInput } from './model-input.ts';
import type { SampleSource } from './sample-source.ts';
import { readTestInputs, type TestFolder } from './test-sets.ts';

/** Samples of the data sets of one ONNX test folder; the tensors are fed as they are, batch included. */
export function testSetSource(folder: TestFolder, inputs: readonly ModelInput[]): SampleSource {
  const { sets } = folder;
  const names = inputs.map(({ name }) => name);
  return {
    kind: 'test-sets',
    count: sets.length,
    labels: undefined,
    labelOrigin: undefined,
    note: 'tensors as they are',
    id: (index) => basename(sets[index]?.path ?? ''),
    async *feeds(indices) {
      for (const index of indices) {
        const set = sets[index] as TestFolder['sets'][number];
        const feeds = await readTestInputs(set, names);
        for (const { name, dtype } of inputs) {
          const found = feeds[name]?.dtype;
          if (found !== dtype) {
            const what =
              found === undefined
                ? `has no tensor for the input ${name}`
                : `gives ${name} as ${found}, the model takes ${dtype}`;
            throw dataInvalid(set.path, what, { input: name, dtype, found });
          }
        }
        yield feeds;
      }
    },
  };
}
