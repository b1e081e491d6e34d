import sharp from 'sharp';
import { describe, expect, it, test } from 'vitest';
import { imageReader } from '../../src/data/images.ts';
import { parsePreprocess } from '../../src/data/preprocess.ts';
import { loadSharp } from '../../src/data/sharp.ts';
import { input, rejection } from './fixtures.ts';

const raw = { do_resize: false, do_rescale: false, do_normalize: false };

/** Pixels that differ in every place and channel, losslessly in a PNG. */
function pattern(width: number, height: number, channels: number): Uint8Array {
  return Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37 + (i >> 3)) & 255);
}

function png(width: number, height: number, channels: 1 | 2 | 3 | 4): Promise<Uint8Array> {
  const image = sharp(pattern(width, height, channels), { raw: { width, height, channels } });
  return (channels < 3 ? image.toColourspace('b-w') : image).png().toBuffer();
}

async function read(
  bytes: Uint8Array,
  config: object,
  shape: (number | string)[],
  dtype: string = 'float32',
) {
  return (await imageReader(input('in', dtype, shape), parsePreprocess(config), 'config'))(bytes, 'image');
}

describe('layout and values', () => {
  it('gives RGB in NHWC as it is', async () => {
    const { shape, data } = await read(await png(5, 4, 3), raw, ['N', 4, 5, 3]);
    expect(shape).toEqual([1, 4, 5, 3]);
    expect(data).toEqual(Float32Array.from(pattern(5, 4, 3)));
  });

  it('gives RGB in NCHW', async () => {
    const { shape, data } = await read(await png(5, 4, 3), raw, [1, 3, 4, 5]);
    const pixels = pattern(5, 4, 3);
    expect(shape).toEqual([1, 3, 4, 5]);
    expect(data).toEqual(
      Float32Array.from({ length: 60 }, (_, i) => pixels[(i % 20) * 3 + Math.floor(i / 20)] as number),
    );
  });

  it('takes open heights and widths', async () => {
    expect((await read(await png(5, 4, 3), raw, ['N', 3, 'H', 'W'])).shape).toEqual([1, 3, 4, 5]);
  });

  it('feeds uint8 models with the codes', async () => {
    const tensor = await read(await png(5, 4, 3), raw, [1, 4, 5, 3], 'uint8');
    expect(tensor).toEqual({ dtype: 'uint8', shape: [1, 4, 5, 3], data: pattern(5, 4, 3) });
  });

  it('rescales and normalizes a channel at a time', async () => {
    const config = { do_resize: false, rescale_factor: 0.5, image_mean: [1, 2, 3], image_std: [2, 4, 8] };
    const { data } = await read(await png(5, 4, 3), config, [1, 4, 5, 3]);
    const expected = pattern(5, 4, 3).length;
    expect(data).toHaveLength(expected);
    pattern(5, 4, 3).forEach((code, i) => {
      const c = i % 3;
      expect(data[i]).toBe(Math.fround((code * 0.5 - (c + 1)) / 2 ** (c + 1)));
    });
  });
});

describe('channels', () => {
  it('repeats grey', async () => {
    const { data } = await read(await png(5, 4, 1), raw, [1, 4, 5, 3]);
    expect(data).toEqual(
      Float32Array.from({ length: 60 }, (_, i) => pattern(5, 4, 1)[Math.floor(i / 3)] as number),
    );
  });

  it('keeps grey', async () => {
    expect((await read(await png(5, 4, 1), raw, [1, 1, 4, 5])).data).toEqual(
      Float32Array.from(pattern(5, 4, 1)),
    );
  });

  it('makes grey by ITU-R 601', async () => {
    // 0.299 R + 0.587 G + 0.114 B, to the nearest.
    const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 10, 200, 30, 1, 2, 3];
    const bytes = await sharp(Uint8Array.from(colours), { raw: { width: 6, height: 1, channels: 3 } })
      .png()
      .toBuffer();
    expect([...(await read(bytes, raw, [1, 1, 1, 6])).data]).toEqual([76, 150, 29, 255, 124, 2]);
  });

  it('drops alpha, also before resizing', async () => {
    const { data } = await read(await png(5, 4, 4), raw, [1, 4, 5, 3]);
    const pixels = pattern(5, 4, 4);
    expect(data).toEqual(
      Float32Array.from({ length: 60 }, (_, i) => pixels[Math.floor(i / 3) * 4 + (i % 3)] as number),
    );
    // Two halves, one invisible: weighing by alpha would lose its colour.
    const halves = Uint8Array.from(
      { length: 8 * 8 * 4 },
      (_, i) => (Math.floor(i / 4) % 8 < 4 ? [200, 0, 0, 0] : [0, 0, 100, 255])[i % 4] as number,
    );
    const bytes = await sharp(halves, { raw: { width: 8, height: 8, channels: 4 } })
      .png()
      .toBuffer();
    const small = await read(bytes, { ...raw, do_resize: true, size: 2, resample: 2 }, [1, 2, 2, 3]);
    expect(small.data[0]).toBeGreaterThan(150);
  });

  it('reads 16-bit and palette PNG as 8-bit RGB', async () => {
    const wide = await sharp(pattern(5, 4, 3), { raw: { width: 5, height: 4, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await read(wide, raw, [1, 4, 5, 3])).data).toEqual(Float32Array.from(pattern(5, 4, 3)));
    const flat = new Uint8Array(60).fill(7);
    const palette = await sharp(flat, { raw: { width: 5, height: 4, channels: 3 } })
      .png({ palette: true })
      .toBuffer();
    expect((await read(palette, raw, [1, 4, 5, 3])).data).toEqual(Float32Array.from(flat));
  });

  it('does not turn by EXIF', async () => {
    const image = sharp(pattern(16, 8, 3), { raw: { width: 16, height: 8, channels: 3 } });
    const bytes = await image.withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect((await read(bytes, raw, ['N', 3, 'H', 'W'])).shape).toEqual([1, 3, 8, 16]);
  });
});

describe('resizing and cutting', () => {
  it('cuts the centre, the odd pixel to the end', async () => {
    const { data } = await read(
      await png(6, 5, 1),
      { ...raw, crop_size: { height: 2, width: 4 } },
      [1, 1, 2, 4],
    );
    const pixels = pattern(6, 5, 1);
    expect([...data]).toEqual([7, 8, 9, 10, 13, 14, 15, 16].map((i) => pixels[i]));
  });

  test.each([
    [2, 'linear'],
    [0, 'nearest'],
    [3, 'cubic'],
    [1, 'lanczos3'],
  ] as const)('equals a plain sharp pipeline, resample %d', async (resample, kernel) => {
    const image = sharp(pattern(90, 61, 3), { raw: { width: 90, height: 61, channels: 3 } });
    const bytes = await image.jpeg({ quality: 95 }).toBuffer();
    const config = { ...raw, do_resize: true, size: { shortest_edge: 24 }, resample, crop_size: 20 };
    const { data } = await read(bytes, config, [1, 20, 20, 3]);
    const expected = await sharp(bytes)
      .resize(35, 24, { fit: 'fill', kernel })
      .extract({ left: 7, top: 2, width: 20, height: 20 })
      .raw()
      .toBuffer();
    expect(data).toEqual(Float32Array.from(expected));
  });

  it('resizes to exact extents, and up', async () => {
    const config = { ...raw, do_resize: true, size: { height: 7, width: 12 }, resample: 0 };
    expect((await read(await png(3, 3, 3), config, [1, 3, 7, 12])).shape).toEqual([1, 3, 7, 12]);
  });
});

describe('errors', () => {
  test.each([
    ['three axes', [3, 4, 5]],
    ['a batch of 2', [2, 3, 4, 5]],
    ['four channels', [1, 4, 4, 5]],
    ['channels in two places', [1, 3, 4, 1]],
    ['no fixed channels', ['N', 'C', 'H', 'W']],
  ])('%s', async (_, shape) => {
    await rejection(read(await png(5, 4, 3), raw, shape), 'HT_DATA_INVALID');
  });

  it('an input of an unknown rank', async () => {
    await rejection(
      imageReader(input('in', 'float32', undefined), parsePreprocess(raw), 'config'),
      'HT_DATA_INVALID',
    );
  });

  it('an image of another size', async () => {
    const details = await rejection(read(await png(5, 4, 3), raw, [1, 3, 5, 5]), 'HT_DATA_INVALID');
    expect(details).toMatchObject({ path: 'image', width: 5, height: 4 });
  });

  it('an image smaller than the crop', async () => {
    const details = await rejection(
      read(await png(5, 4, 3), { ...raw, crop_size: 5 }, [1, 3, 5, 5]),
      'HT_DATA_INVALID',
    );
    expect(details).toMatchObject({ key: 'crop_size' });
  });

  test.each([
    ['do_rescale', { do_normalize: false }, [1, 3, 4, 5], 'uint8'],
    ['do_normalize', { do_rescale: false, image_mean: 1, image_std: 1 }, [1, 3, 4, 5], 'uint8'],
    ['do_convert_rgb', { ...raw, do_convert_rgb: true }, [1, 1, 4, 5], 'float32'],
    ['image_mean', { image_mean: [1, 2, 3], image_std: 1 }, [1, 1, 4, 5], 'float32'],
    ['image_std', { image_mean: 1, image_std: [1, 2, 3] }, [1, 1, 4, 5], 'float32'],
  ])('%s against the input', async (key, config, shape, dtype) => {
    expect(await rejection(read(await png(5, 4, 3), config, shape, dtype), 'HT_DATA_INVALID')).toMatchObject({
      key,
    });
  });

  it('an input type that images do not have', async () => {
    await rejection(read(await png(5, 4, 3), raw, [1, 3, 4, 5], 'int8'), 'HT_UNSUPPORTED');
  });

  it('damaged, cut and foreign images', async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 31) >> 5);
    const image = sharp(noise, { raw: { width: 64, height: 64, channels: 3 } });
    for (const bytes of [await image.png().toBuffer(), await image.jpeg().toBuffer()]) {
      for (const part of [0, 10, bytes.length >> 1]) {
        const details = await rejection(
          read(bytes.subarray(0, part), raw, [1, 3, 64, 64]),
          'HT_DATA_INVALID',
        );
        expect(details).toMatchObject({ path: 'image' });
      }
    }
    await rejection(read(await image.webp().toBuffer(), raw, [1, 3, 64, 64]), 'HT_DATA_INVALID');
  });

  it('names sharp where it is missing', async () => {
    const missing = loadSharp(() => Promise.reject(new Error('ERR_MODULE_NOT_FOUND')));
    expect(await rejection(missing, 'HT_UNAVAILABLE')).toMatchObject({
      package: 'sharp',
      install: 'npm install sharp',
    });
  });
});
