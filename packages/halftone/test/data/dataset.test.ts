import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { tensor } from '@halftone/core';
import { encodeTensor } from '@halftone/onnx';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type DatasetOptions, openDataset } from '../../src/data/dataset.ts';
import { allSamples, counting, feedsOf, input, npy, rejection, tempFolder, zip } from './fixtures.ts';

const { path: root, write } = await tempFolder();
const x = input('x', 'float32', ['N', 2, 3]);
const raw = { do_resize: false, do_rescale: false, do_normalize: false };

function usage(promise: Promise<unknown>): Promise<Record<string, unknown>> {
  return rejection(promise, 'HT_INVALID_ARGUMENT');
}

describe('folders of images', () => {
  const picture = input('in', 'float32', [1, 3, 2, 2]);
  const png = (value: number): Promise<Uint8Array> =>
    sharp(new Uint8Array(12).fill(value), { raw: { width: 2, height: 2, channels: 3 } })
      .png()
      .toBuffer();

  async function classes(): Promise<string> {
    for (const [c, name] of ['ant', 'bee', 'cat'].entries()) {
      for (let i = 0; i < 4; i++) await write(`classes/${name}/${i}.png`, await png(c * 10 + i));
    }
    return join(root, 'classes');
  }

  it('gives labels by class folder', async () => {
    const dataset = await openDataset(await classes(), { inputs: [picture], preprocess: raw });
    expect(dataset).toMatchObject({ kind: 'images', count: 12, hasLabels: true });
    const samples = await allSamples(dataset);
    expect(samples.map(({ label }) => label)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(samples[5]).toEqual({
      id: 'bee/1.png',
      label: 1,
      feeds: { in: tensor('float32', new Float32Array(12).fill(11), [1, 3, 2, 2]) },
    });
  });

  it.each([
    [1, ['ant/0.png']],
    [3, ['ant/0.png', 'bee/0.png', 'cat/0.png']],
    [5, ['ant/0.png', 'ant/2.png', 'bee/0.png', 'bee/3.png', 'cat/1.png']],
  ])('keeps %d spread over the classes', async (limit, expected) => {
    const dataset = await openDataset(await classes(), { inputs: [picture], preprocess: raw, limit });
    expect(dataset).toMatchObject({ count: limit, total: 12 });
    expect((await allSamples(dataset)).map(({ id }) => id)).toEqual(expected);
  });

  it('takes a limit past the number of samples', async () => {
    expect(
      await openDataset(await classes(), { inputs: [picture], preprocess: raw, limit: 99 }),
    ).toMatchObject({ count: 12 });
  });

  it('takes labels from a CSV above those of the folders', async () => {
    await write('flat/a.png', await png(1));
    await write('flat/b.png', await png(2));
    const labels = await write('flat.csv', 'file,label\nb.png,7\na.png,9\n');
    const options = { inputs: [picture], preprocess: raw };
    expect(await openDataset(join(root, 'flat'), options)).toMatchObject({ hasLabels: false });
    const samples = await allSamples(await openDataset(join(root, 'flat'), { ...options, labels }));
    expect(samples.map(({ id, label }) => [id, label])).toEqual([
      ['a.png', 9],
      ['b.png', 7],
    ]);
    await rejection(openDataset(await classes(), { ...options, labels }), 'HT_DATA_INVALID');
  });

  it('takes preprocessing from the option, else beside the model, else refuses', async () => {
    const path = await classes();
    const modelFolder = join(root, 'model');
    const inputs = [picture];
    expect(await usage(openDataset(path, { inputs, modelFolder }))).toMatchObject({
      usage: true,
      option: '--preprocess',
    });
    expect(await usage(openDataset(path, { inputs }))).toMatchObject({ usage: true, option: '--preprocess' });
    const file = await write(
      'model/preprocessor_config.json',
      JSON.stringify({ ...raw, do_rescale: true, rescale_factor: 2 }),
    );
    const first = async (options: DatasetOptions): Promise<unknown> =>
      (await feedsOf(path, { ...options, limit: 2 }))[1];
    expect(await first({ inputs, modelFolder })).toMatchObject({
      in: { data: new Float32Array(12).fill(24) },
    });
    expect(await first({ inputs, preprocess: file })).toMatchObject({
      in: { data: new Float32Array(12).fill(24) },
    });
    expect(await first({ inputs, modelFolder, preprocess: raw })).toMatchObject({
      in: { data: new Float32Array(12).fill(12) },
    });
  });

  it('names the damaged image', async () => {
    const path = await write('damaged/a.png', 'nothing');
    const dataset = await openDataset(join(root, 'damaged'), { inputs: [picture], preprocess: raw });
    expect(await rejection(allSamples(dataset), 'HT_DATA_INVALID')).toMatchObject({ path });
  });
});

describe('ONNX test sets', () => {
  it('feeds the tensors of each set as they are', async () => {
    for (const n of [0, 1]) {
      const value = tensor('float32', counting(12, n), [4, 3]);
      await write(`test/test_data_set_${n}/input_0.pb`, encodeTensor(value, 'x'));
    }
    const inputs = [input('x', 'float32', ['N', 3])];
    const dataset = await openDataset(join(root, 'test'), { inputs });
    expect(dataset).toMatchObject({ kind: 'test-sets', count: 2, hasLabels: false });
    expect(await allSamples(dataset)).toEqual([
      { id: 'test_data_set_0', feeds: { x: tensor('float32', counting(12), [4, 3]) } },
      { id: 'test_data_set_1', feeds: { x: tensor('float32', counting(12, 1), [4, 3]) } },
    ]);
    expect(await openDataset(join(root, 'test/test_data_set_1'), { inputs })).toMatchObject({ count: 1 });
    await rejection(
      feedsOf(join(root, 'test'), { inputs: [input('x', 'int8', ['N', 3])] }),
      'HT_DATA_INVALID',
    );
    await rejection(
      feedsOf(join(root, 'test'), { inputs: [...inputs, input('w', 'int8', [1])] }),
      'HT_DATA_INVALID',
    );
    expect(await usage(openDataset(join(root, 'test'), { inputs, scale: 2 }))).toMatchObject({
      option: '--scale',
    });
  });
});

describe('options', () => {
  const file = write('options.npy', npy('f4', [4, 6], counting(24)));

  it.each([
    ['--preprocess', { preprocess: raw }],
    ['--samples', { limit: 0 }],
    ['--samples', { limit: 1.5 }],
  ])('%s in %j', async (option, more) => {
    expect(await usage(openDataset(await file, { inputs: [x], ...more }))).toMatchObject({
      usage: true,
      option,
    });
  });

  it('refuses scaling that would have no effect', async () => {
    const inputs = [input('x', 'uint8', [1, 6])];
    expect(await usage(openDataset(await file, { inputs, std: 2 }))).toMatchObject({ option: '--std' });
    await write('pictures/a.png', '');
    const options = { inputs: [input('x', 'float32', [1, 3, 2, 2])], preprocess: raw, mean: 2 };
    expect(await usage(openDataset(join(root, 'pictures'), options))).toMatchObject({ option: '--mean' });
  });

  it('refuses models without inputs and paths without data', async () => {
    await usage(openDataset(await file, { inputs: [] }));
    await usage(openDataset(await file, { inputs: [x, x] }));
    await rejection(openDataset(join(root, 'missing'), { inputs: [x] }), 'HT_FILE');
    await rejection(openDataset(await write('data.txt', ''), { inputs: [x] }), 'HT_DATA_INVALID');
    await write('nothing/readme.txt', '');
    await rejection(openDataset(join(root, 'nothing'), { inputs: [x] }), 'HT_DATA_INVALID');
  });
});

it('holds one sample at a time', async () => {
  // 24 MB, a row of 24 kB: what is alive at once stays far below the whole.
  const elements = 6_000_000;
  const data = npy('f4', [1000, 6_000], new Float32Array(elements));
  const big = { inputs: [input('x', 'float32', ['N', 6_000])] };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (const path of [await write('big.npy', data), await write('big.npz', zip([{ name: 'x.npy', data }]))]) {
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    let seen = 0;
    for await (const sample of (await openDataset(path, big)).samples()) {
      seen += sample.feeds.x?.shape[0] ?? 0;
      if (seen % 100 === 0) {
        collect();
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    }
    expect(seen).toBe(1000);
    expect(most).toBeLessThan(elements * 2);
  }
});
