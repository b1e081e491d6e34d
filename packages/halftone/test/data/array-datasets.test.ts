import { tensor } from '@halftone/core';
import { describe, expect, it } from 'vitest';
import { type DatasetOptions, openDataset } from '../../src/data/dataset.ts';
import { allSamples, counting, feedsOf, input, npy, rejection, tempFolder } from './fixtures.ts';

const { write } = await tempFolder();
const x = input('x', 'float32', ['N', 2, 3]);

describe('one NPY file', () => {
  const file = write('a.npy', npy('f4', [4, 6], counting(24)));

  it('gives a sample a row, reshaped, as often as it is asked', async () => {
    const dataset = await openDataset(await file, { inputs: [x] });
    expect(dataset).toMatchObject({ kind: 'npy', count: 4, total: 4, hasLabels: false });
    const samples = await allSamples(dataset);
    expect(samples).toEqual(
      [0, 1, 2, 3].map((i) => ({
        id: String(i),
        feeds: { x: tensor('float32', counting(6, i * 6), [1, 2, 3]) },
      })),
    );
    expect(await allSamples(dataset)).toEqual(samples);
    expect(dataset.describe()).toContain('4 samples');
  });

  it('reads Fortran order and big endian', async () => {
    const bytes = npy('f4', [2, 2], Float32Array.of(1, 2, 3, 4));
    const header = Buffer.from(bytes)
      .toString('latin1')
      .replace('False,', 'True, ')
      .slice(0, bytes.length - 16);
    const path = await write(
      'f.npy',
      Buffer.concat([Buffer.from(header, 'latin1'), bytes.subarray(bytes.length - 16)]),
    );
    const feeds = await feedsOf(path, { inputs: [input('x', 'float32', [1, 2])], limit: 1 });
    expect(feeds).toMatchObject([{ x: { data: Float32Array.of(1, 3) } }]);
    expect(await feedsOf(path, { inputs: [input('x', 'float32', [1, 2])] })).toHaveLength(2);
  });

  it.each([
    [
      [4, 1, 2, 3],
      ['N', 2, 3],
      [1, 2, 3],
    ],
    [
      [4, 6],
      [2, 3],
      [2, 3],
    ],
    [[4, 6], [6], [6]],
    [[24], [1], [1]],
    [[24], [], []],
    [
      [4, 2, 3],
      ['N', 'H', 3],
      [1, 2, 3],
    ],
    [
      [4, 1, 2, 3],
      [1, undefined, 3],
      [1, 2, 3],
    ],
    [[4, 2, 3], undefined, [1, 2, 3]],
    [
      [4, 2, 3],
      ['N', 'H', 'W'],
      [1, 2, 3],
    ],
  ] as const)('rows of %j as %j', async (stored, shape, expected) => {
    const path = await write('shape.npy', npy('f4', stored, counting(24)));
    const [feeds] = await feedsOf(path, { inputs: [input('x', 'float32', shape)] });
    expect(feeds).toMatchObject({ x: { shape: expected } });
  });

  it.each([
    [
      [4, 6],
      [1, 7],
    ],
    [
      [4, 6],
      ['N', 'H', 3],
    ],
    [
      [4, 2, 3],
      ['N', 2, 'W', 1],
    ],
    [
      [4, 2, 3],
      ['N', 3, 'W'],
    ],
    [
      [4, 6],
      [2, 6],
    ],
    [[24], ['N', 24]],
  ] as const)('rows of %j do not fit %j', async (stored, shape) => {
    const path = await write('misfit.npy', npy('f4', stored, counting(24)));
    await rejection(openDataset(path, { inputs: [input('x', 'float32', shape)] }), 'HT_DATA_INVALID');
  });

  it('needs one input and a first axis', async () => {
    await rejection(openDataset(await file, { inputs: [x, input('z', 'float32', [1])] }), 'HT_DATA_INVALID');
    const path = await write('scalar.npy', npy('f4', [], counting(1)));
    await rejection(openDataset(path, { inputs: [input('x', 'float32', [])] }), 'HT_DATA_INVALID');
    const empty = await write('empty.npy', npy('f4', [0, 6], counting(0)));
    await rejection(openDataset(empty, { inputs: [x] }), 'HT_DATA_INVALID');
  });
});

describe('casting and scaling', () => {
  const one = async (
    bytes: Uint8Array,
    dtype: string,
    more: Partial<DatasetOptions> = {},
  ): Promise<unknown> => {
    const path = await write('cast.npy', bytes);
    const [feeds] = await feedsOf(path, { inputs: [input('x', dtype, ['N', 3])], ...more });
    return (feeds as { x: { data: unknown } }).x.data;
  };

  it('casts whole numbers to any type that holds them', async () => {
    const bytes = npy('i8', [1, 3], BigInt64Array.of(0n, 5n, 127n));
    expect(await one(bytes, 'float32')).toEqual(Float32Array.of(0, 5, 127));
    expect(await one(bytes, 'int8')).toEqual(Int8Array.of(0, 5, 127));
    expect(await one(bytes, 'uint8')).toEqual(Uint8Array.of(0, 5, 127));
    expect(await one(bytes, 'int32')).toEqual(Int32Array.of(0, 5, 127));
    expect(await one(bytes, 'int64')).toEqual(BigInt64Array.of(0n, 5n, 127n));
    expect(await one(npy('f8', [1, 3], Float64Array.of(0, -0, 3)), 'int64')).toEqual(
      BigInt64Array.of(0n, 0n, 3n),
    );
    expect(await one(npy('b1', [1, 3], Uint8Array.of(1, 0, 1)), 'float32')).toEqual(Float32Array.of(1, 0, 1));
    expect(await one(npy('f8', [1, 3], Float64Array.of(0.1, Number.NaN, 1e300)), 'float32')).toEqual(
      Float32Array.of(0.1, Number.NaN, Number.POSITIVE_INFINITY),
    );
  });

  it.each([
    ['uint8', npy('i1', [1, 3], Int8Array.of(0, 0, -1))],
    ['int8', npy('u1', [1, 3], Uint8Array.of(0, 0, 128))],
    ['int32', npy('u4', [1, 3], Uint32Array.of(0, 0, 2147483648))],
    ['int64', npy('u8', [1, 3], BigUint64Array.of(0n, 0n, 9223372036854775808n))],
    ['int32', npy('f4', [1, 3], Float32Array.of(0, 0, 0.5))],
    ['int64', npy('f4', [1, 3], Float32Array.of(0, 0, Number.NaN))],
  ])('never wraps or rounds to %s', async (dtype, bytes) => {
    expect(await rejection(one(bytes, dtype), 'HT_DATA_INVALID')).toMatchObject({ index: 2, dtype });
  });

  it('refuses input types that tensors do not hold', async () => {
    await rejection(one(npy('f4', [1, 3], counting(3)), 'float16'), 'HT_UNSUPPORTED');
  });

  it('scales, then takes mean and std, one or one a channel', async () => {
    const bytes = npy('u1', [1, 3], Uint8Array.of(0, 100, 200));
    expect(await one(bytes, 'float32', { scale: 0.5 })).toEqual(Float32Array.of(0, 50, 100));
    expect(await one(bytes, 'float32', { scale: 0.5, mean: 50, std: 25 })).toEqual(Float32Array.of(-2, 0, 2));
    expect(await one(bytes, 'float32', { mean: [0, 10, 20], std: 10 })).toEqual(Float32Array.of(0, 9, 18));
  });

  it.each([
    [[1, 2, 3, 2], (i: number) => Math.floor(i / 6)],
    [[1, 3, 2, 2], (i: number) => i % 2],
  ])('finds two channels in %j', async (shape, channel) => {
    const path = await write('channels.npy', npy('f4', shape, counting(12)));
    const mean = [10, 20];
    const options = { inputs: [input('x', 'float32', shape)], mean };
    if (shape[1] === shape[3]) {
      expect(await rejection(feedsOf(path, options), 'HT_INVALID_ARGUMENT')).toMatchObject({
        usage: true,
        option: '--mean',
      });
      return;
    }
    const [feeds] = await feedsOf(path, options);
    const data = Float32Array.from({ length: 12 }, (_, i) => i - (mean[channel(i)] as number));
    expect(feeds).toMatchObject({ x: { data } });
  });

  it.each([
    ['--scale', { scale: 0 }],
    ['--scale', { scale: Number.NaN }],
    ['--mean', { mean: [] }],
    ['--mean', { mean: [1, 2] }],
    ['--std', { std: 0 }],
    ['--std', { std: [1, 1, -1] }],
    ['--std', { mean: [1, 2, 3], std: [1, 2] }],
  ])('%s takes no %j', async (option, more) => {
    const details = await rejection(
      one(npy('f4', [1, 3], counting(3)), 'float32', more),
      'HT_INVALID_ARGUMENT',
    );
    expect(details).toMatchObject({ usage: true, option });
  });
});
