import { join } from 'node:path';
import { tensor } from '@halftone/core';
import { describe, expect, it, test } from 'vitest';
import { type Dataset, openDataset } from '../../src/data/dataset.ts';
import { allSamples, counting, input, npy, rejection, tempFolder, zip } from './fixtures.ts';

const { path: root, write } = await tempFolder();
const x = input('x', 'float32', ['N', 2, 3]);
const raw = { do_resize: false, do_rescale: false, do_normalize: false };

describe('NPZ files', () => {
  const y = { name: 'y.npy', data: npy('i8', [4], BigInt64Array.of(3n, 2n, 1n, 0n)) };
  const member = {
    name: 'x.npy',
    data: npy(
      'u1',
      [4, 6],
      Uint8Array.from({ length: 24 }, (_, i) => i),
    ),
  };

  test.each([true, false])('x and y, stored: %s', async (stored) => {
    const path = await write(
      'xy.npz',
      zip([
        { ...member, stored },
        { ...y, stored },
      ]),
    );
    const dataset = await openDataset(path, { inputs: [input('in', 'float32', [1, 2, 3])] });
    expect(dataset).toMatchObject({ kind: 'npz', count: 4, hasLabels: true });
    const samples = await allSamples(dataset);
    expect(samples.map(({ label }) => label)).toEqual([3, 2, 1, 0]);
    expect(samples[2]).toEqual({
      id: '2',
      label: 1,
      feeds: { in: tensor('float32', counting(6, 12), [1, 2, 3]) },
    });
  });

  it('arrays named after the inputs, in step', async () => {
    const ids = npy(
      'i4',
      [4, 2],
      Int32Array.from({ length: 8 }, (_, i) => i),
    );
    const path = await write('named.npz', zip([{ name: 'ids.npy', data: ids }, member, y]));
    const inputs = [input('x', 'float32', [1, 6]), input('ids', 'int64', ['N', 'L'])];
    const samples = await allSamples(await openDataset(path, { inputs, limit: 2, scale: 2 }));
    expect(samples).toMatchObject([
      {
        id: '0',
        label: 3,
        feeds: { ids: { data: BigInt64Array.of(0n, 1n) }, x: { data: Float32Array.of(0, 2, 4, 6, 8, 10) } },
      },
      { id: '2', label: 1, feeds: { ids: { data: BigInt64Array.of(4n, 5n) } } },
    ]);
  });

  it('an input that is called y is no label', async () => {
    const path = await write('y.npz', zip([y]));
    expect(await openDataset(path, { inputs: [input('y', 'int64', [1])] })).toMatchObject({
      count: 4,
      hasLabels: false,
    });
  });

  it('is refused with arrays missing, of other lengths, or labels that are none', async () => {
    const open = async (...members: { name: string; data: Uint8Array }[]): Promise<Dataset> =>
      openDataset(await write('bad.npz', zip(members)), { inputs: [x] });
    await rejection(open(y), 'HT_DATA_INVALID');
    await rejection(
      open(member, { name: 'y.npy', data: npy('i4', [3], new Int32Array(3)) }),
      'HT_DATA_INVALID',
    );
    await rejection(open(member, { name: 'y.npy', data: npy('f4', [4], counting(4)) }), 'HT_DATA_INVALID');
    await rejection(
      open(member, { name: 'y.npy', data: npy('i4', [4], Int32Array.of(0, 1, 2, -1)) }),
      'HT_DATA_INVALID',
    );
    const path = await write(
      'two.npz',
      zip([member, { name: 'z.npy', data: npy('f4', [3, 1], counting(3)) }]),
    );
    const inputs = [x, input('z', 'float32', [1, 1])];
    await rejection(openDataset(path, { inputs }), 'HT_DATA_INVALID');
    expect(
      await rejection(openDataset(path, { inputs: [x, input('w', 'float32', [1])] }), 'HT_DATA_INVALID'),
    ).toMatchObject({
      missing: ['w'],
    });
  });

  it('fails at the end for a wrong checksum', async () => {
    const dataset = await openDataset(await write('crc.npz', zip([{ ...member, crc: 1 }])), { inputs: [x] });
    await rejection(allSamples(dataset), 'HT_DATA_INVALID');
  });
});

describe('folders of NPY files', () => {
  it('a file a sample, with and without a batch axis, and classes', async () => {
    await write('each/b/0.npy', npy('f4', [1, 2, 3], counting(6)));
    await write('each/a/0.npy', npy('f4', [2, 3], counting(6, 6)));
    const dataset = await openDataset(join(root, 'each'), { inputs: [x] });
    expect(dataset).toMatchObject({ kind: 'npy-folder', count: 2, hasLabels: true });
    expect(await allSamples(dataset)).toEqual([
      { id: 'a/0.npy', label: 0, feeds: { x: tensor('float32', counting(6, 6), [1, 2, 3]) } },
      { id: 'b/0.npy', label: 1, feeds: { x: tensor('float32', counting(6), [1, 2, 3]) } },
    ]);
  });

  it('a file an input, with labels in y.npy', async () => {
    await write('named/x.npy', npy('f4', [3, 6], counting(18)));
    await write('named/in_1_0.npy', npy('u1', [3], Uint8Array.of(7, 8, 9)));
    await write('named/y.npy', npy('u1', [3], Uint8Array.of(2, 1, 0)));
    const inputs = [x, input('in/1:0', 'int32', [1])];
    const samples = await allSamples(await openDataset(join(root, 'named'), { inputs }));
    expect(samples[1]).toEqual({
      id: '1',
      label: 1,
      feeds: { x: tensor('float32', counting(6, 6), [1, 2, 3]), 'in/1:0': tensor('int32', [8], [1]) },
    });
  });

  it('needs an array for each of several inputs, and no images beside them', async () => {
    const inputs = [x, input('w', 'float32', [1])];
    await rejection(openDataset(join(root, 'named'), { inputs }), 'HT_DATA_INVALID');
    await write('both/a.npy', npy('f4', [2, 3], counting(6)));
    await write('both/a.png', '');
    await rejection(openDataset(join(root, 'both'), { inputs: [x], preprocess: raw }), 'HT_DATA_INVALID');
  });
});
