import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type Dataset, openDataset, type Sample } from '../../src/data/dataset.ts';
import { findTestFolders, readTestSet } from '../../src/data/test-sets.ts';
import { input } from './fixtures.ts';

const assets = process.env.HALFTONE_ASSETS ?? '';
const at = (...parts: string[]): string => join(assets, ...parts);

async function first(dataset: Dataset, count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of dataset.samples()) {
    samples.push(sample);
    if (samples.length === count) break;
  }
  return samples;
}

describe.skipIf(!assets)('real data', () => {
  const imagenet = input('input', 'float32', ['N', 3, 224, 224]);
  const preprocess = at('imagenet', 'preprocessor_config.json');

  it('reads ImageNet like a plain sharp pipeline', async () => {
    const labels = at('imagenet', 'val_labels.csv');
    const dataset = await openDataset(at('imagenet', 'val'), { inputs: [imagenet], preprocess, labels });
    expect(dataset).toMatchObject({ kind: 'images', count: 131, hasLabels: true });
    const samples = await first(dataset, 3);
    expect(samples.map(({ id, label }) => [id, label])[0]).toEqual(['n01440764_tench.JPEG', 0]);
    for (const { id, feeds } of samples) {
      const { width, height } = await sharp(at('imagenet', 'val', id)).metadata();
      const ratio = 256 / Math.min(width, height);
      const { data, info } = await sharp(at('imagenet', 'val', id))
        .resize(Math.floor(width * ratio + 0.5), Math.floor(height * ratio + 0.5), {
          fit: 'fill',
          kernel: 'linear',
        })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const left = (info.width - 224) >> 1;
      const top = (info.height - 224) >> 1;
      let largest = 0;
      for (let i = 0; i < 3 * 224 * 224; i++) {
        const [c, y, x] = [Math.floor(i / 50176), Math.floor(i / 224) % 224, i % 224];
        const code = data[((y + top) * info.width + x + left) * 3 + c] as number;
        largest = Math.max(largest, Math.abs((feeds.input?.data[i] as number) - (code / 127.5 - 1)));
      }
      expect(largest).toBeLessThan(1e-6);
    }
    expect(await openDataset(at('imagenet', 'calib'), { inputs: [imagenet], preprocess })).toMatchObject({
      count: 66,
    });
  });

  it("repeats MobileNet's float accuracy", async () => {
    const labels = at('imagenet', 'val_labels.csv');
    const dataset = await openDataset(at('imagenet', 'val'), { inputs: [imagenet], preprocess, labels });
    const session = await ort.InferenceSession.create(at('models', 'mobilenet_v1_0.25_224.onnx'));
    let [top1, top5] = [0, 0];
    for await (const { feeds, label } of dataset.samples()) {
      const { data, shape } = feeds.input as { data: Float32Array; shape: readonly number[] };
      const { logits } = await session.run({ input: new ort.Tensor('float32', data, shape) });
      const scores = logits?.data as Float32Array;
      const better = scores.filter((score) => score > (scores[label as number] as number)).length;
      if (better < 1) top1++;
      if (better < 5) top5++;
    }
    expect([top1, top5]).toEqual([81, 106]);
  });

  it('reads CIFAR-10 with its classes in order', async () => {
    const options = {
      inputs: [input('input.1', 'float32', [1, 3, 32, 32])],
      preprocess: at('cifar10', 'preprocessor_config.json'),
    };
    const dataset = await openDataset(at('cifar10', 'test'), options);
    expect(dataset).toMatchObject({ count: 1000, hasLabels: true });
    const tenth = await first(await openDataset(at('cifar10', 'test'), { ...options, limit: 10 }), 10);
    expect(tenth.map(({ id, label }) => [id.split('/')[0], label])).toEqual(
      ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'].map(
        (name, i) => [name, i],
      ),
    );
    const [sample] = tenth;
    const pixels = await sharp(at('cifar10', 'test', sample?.id ?? ''))
      .raw()
      .toBuffer();
    const data = sample?.feeds['input.1']?.data as Float32Array;
    expect(data[2 * 1024 + 7]).toBeCloseTo(((pixels[7 * 3 + 2] as number) / 255 - 0.4465) / 0.201, 6);
    expect(await openDataset(at('cifar10', 'calib'), options)).toMatchObject({ count: 300 });
  });

  it.each([
    ['mnist', 'test.npz', 9500, 10, [1, 1, 28, 28]],
    ['mnist', 'calib.npz', 500, undefined, [1, 1, 28, 28]],
    ['mnist', 'test.npz', 9500, 10, [1, 784, 1]],
    ['kws', 'test.npz', 900, 12, [1, 49, 10, 1]],
    ['kws', 'calib.npz', 100, undefined, [1, 49, 10, 1]],
  ])('reads %s/%s', async (folder, file, count, classes, shape) => {
    const path = at(folder, file);
    const dataset = await openDataset(path, { inputs: [input('x', 'float32', shape)] });
    expect(dataset).toMatchObject({ kind: 'npz', count, hasLabels: classes !== undefined });
    let read = 0;
    for await (const { feeds, label } of dataset.samples()) {
      read++;
      if (read === 1) expect(feeds.x?.shape).toEqual(shape);
      if (classes !== undefined && !((label as number) < classes)) throw new Error(`label ${label}`);
    }
    expect(read).toBe(count);
  });

  it('reads every ONNX test folder', async () => {
    const folders = await findTestFolders(at('onnx-node', 'quant-v1.12.0'));
    expect(folders).toHaveLength(14);
    expect(folders.every(({ model, sets }) => model !== undefined && sets.length === 1)).toBe(true);
    const convolution = folders.find(({ path }) => path.endsWith('test_basic_convinteger'));
    const names = { inputs: ['x', 'w', 'x_zero_point'], outputs: ['y'] };
    const { feeds, outputs } = await readTestSet(convolution?.sets[0] as never, names);
    expect(feeds).toMatchObject({
      x: { dtype: 'uint8', shape: [1, 1, 3, 3] },
      x_zero_point: { data: Uint8Array.of(1) },
    });
    expect(outputs).toMatchObject({ y: { dtype: 'int32', data: Int32Array.of(12, 16, 24, 28) } });
    expect(await findTestFolders(at('onnx-node', 'float-v1.21.0'))).toHaveLength(88);
    expect((await readFile(convolution?.model as string)).length).toBeGreaterThan(0);
  });
});
