import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { type Preprocess, parsePreprocess, readPreprocess } from '../../src/data/preprocess.ts';
import { rejection, tempFolder, thrown } from './fixtures.ts';

const plain = { do_resize: false, do_rescale: false, do_normalize: false };
const steps = (config: object): Preprocess =>
  parsePreprocess({ do_normalize: false, resample: 2, ...config });

describe('size and crop', () => {
  test.each([
    ['nothing', {}, undefined, undefined],
    [
      'off, with values',
      { do_resize: false, size: 9, do_center_crop: false, crop_size: 8 },
      undefined,
      undefined,
    ],
    ['shortest edge', { size: { shortest_edge: 256 } }, { shorter: 256 }, undefined],
    ['exact', { size: { height: 10, width: 20 } }, { height: 10, width: 20 }, undefined],
    ['a number alone is a square', { do_resize: true, size: 9 }, { height: 9, width: 9 }, undefined],
    ['a number before a crop', { size: 9, crop_size: 8 }, { shorter: 9 }, { height: 8, width: 8 }],
    [
      'a number before a crop, said to be square',
      { size: 9, crop_size: 8, default_to_square: true },
      { height: 9, width: 9 },
      { height: 8, width: 8 },
    ],
    [
      'DeiT squashes before it crops',
      { size: 9, crop_size: 8, feature_extractor_type: 'DeiTFeatureExtractor' },
      { height: 9, width: 9 },
      { height: 8, width: 8 },
    ],
    ['a crop alone', { crop_size: { height: 4, width: 6 } }, undefined, { height: 4, width: 6 }],
    [
      'ConvNeXT below 384',
      { size: { shortest_edge: 224 }, crop_pct: 0.875 },
      { shorter: 256 },
      { height: 224, width: 224 },
    ],
    ['ConvNeXT from 384', { size: 384, crop_pct: 0.95 }, { height: 384, width: 384 }, undefined],
    [
      'PoolFormer',
      { size: { shortest_edge: 224 }, crop_pct: 0.9, crop_size: { height: 224, width: 224 } },
      { shorter: 248 },
      { height: 224, width: 224 },
    ],
  ] as const)('%s', (_, config, resize, crop) => {
    expect(steps(config)).toMatchObject({ resize, crop });
  });

  test.each([
    [0, 'nearest'],
    [1, 'lanczos3'],
    [2, 'linear'],
    [3, 'cubic'],
  ])('resample %d is %s', (resample, kernel) => {
    expect(steps({ size: 4, resample }).kernel).toBe(kernel);
  });
});

describe('values', () => {
  it('rescales by 1/255 unless it is off', () => {
    expect(steps({}).rescale).toBe(1 / 255);
    expect(steps({ rescale_factor: 2 }).rescale).toBe(2);
    expect(steps({ do_rescale: false, rescale_factor: 2 }).rescale).toBeUndefined();
  });

  it('normalizes where it is said or values are given, and counts null as left out', () => {
    const values = { image_mean: [1, 2, 3], image_std: [4] };
    expect(parsePreprocess(values).normalize).toEqual({ mean: [1, 2, 3], std: [4] });
    expect(parsePreprocess({ ...values, do_normalize: false }).normalize).toBeUndefined();
    expect(parsePreprocess({ image_mean: 0.5, image_std: 0.25, size: null }).normalize).toEqual({
      mean: [0.5],
      std: [0.25],
    });
  });

  it('ignores keys that change no pixel', () => {
    const config = {
      ...plain,
      image_processor_type: 'ViTImageProcessor',
      do_reduce_labels: true,
      do_pad: false,
      device: null,
    };
    expect(parsePreprocess(config)).toEqual({
      resize: undefined,
      kernel: 'linear',
      crop: undefined,
      rescale: undefined,
      normalize: undefined,
      rgb: false,
    });
  });
});

describe('errors name the key', () => {
  test.each([
    ['do_resize', { do_resize: 1 }],
    ['size', { do_resize: true }],
    ['size', { size: 0 }],
    ['size', { size: 2.5 }],
    ['size', { size: [224, 224] }],
    ['size', { size: { longest_edge: 224 } }],
    ['size', { size: { shortest_edge: 224, longest_edge: 448 } }],
    ['size', { size: { height: 224 } }],
    ['size', { size: { height: 224, width: '224' } }],
    ['resample', { size: 224, resample: null }],
    ['resample', { size: 224, resample: 4 }],
    ['resample', { size: 224, resample: 6 }],
    ['resample', { size: 224, resample: 'bilinear' }],
    ['crop_size', { do_center_crop: true }],
    ['crop_size', { crop_size: { shortest_edge: 3 } }],
    ['crop_size', { size: { shortest_edge: 224 }, crop_size: 256 }],
    ['crop_size', { size: { height: 224, width: 300 }, crop_size: { height: 225, width: 300 } }],
    ['crop_pct', { size: 224, crop_pct: 1.5 }],
    ['crop_pct', { size: { height: 224, width: 224 }, crop_pct: 0.9 }],
    ['do_rescale', { do_rescale: 'yes' }],
    ['rescale_factor', { rescale_factor: 0 }],
    ['rescale_factor', { rescale_factor: '1/255' }],
    ['do_normalize', { do_normalize: null }],
    ['image_mean', { do_normalize: true }],
    ['image_std', { do_normalize: null, image_mean: 1 }],
    ['image_mean', { do_normalize: true, image_mean: [1, 2], image_std: 1 }],
    ['image_mean', { do_normalize: true, image_mean: [1, 2, null], image_std: 1 }],
    ['image_std', { do_normalize: true, image_mean: 1, image_std: [1, 0, 1] }],
    ['do_convert_rgb', { do_convert_rgb: 'true' }],
    ['do_pad', { do_pad: true }],
    ['do_flip_channel_order', { do_flip_channel_order: true }],
    ['rescale_offset', { rescale_offset: true }],
    ['size_divisor', { size_divisor: 32 }],
  ] as const)('%s in %j', async (key, config) => {
    expect(await thrown(() => steps(config), 'HT_DATA_INVALID')).toMatchObject({ key });
  });

  it('names the file', async () => {
    const { path: folder, write } = await folders;
    expect(await readPreprocess(await write('good.json', `\uFEFF${JSON.stringify(plain)}`))).toMatchObject({
      rgb: false,
    });
    const path = await write('bad.json', '{');
    expect(await rejection(readPreprocess(path), 'HT_DATA_INVALID')).toMatchObject({ path });
    await rejection(readPreprocess(await write('list.json', '[]')), 'HT_DATA_INVALID');
    await rejection(readPreprocess(join(folder, 'missing.json')), 'HT_FILE');
  });
});

const folders = tempFolder();
