import { type Tensor, HalftoneError } from '@halftone/core';
import type { Sharp } from 'sharp';
import { dataInvalid } from './data-file.ts';
import { type ImageInput, imageInput, type ModelInput } from './model-input.ts';
import type { Extent, Preprocess } from './preprocess.ts';
import { loadSharp, type SharpFactory } from './sharp.ts';

/** 8-bit pixels, rows from the top, channels innermost. */
interface Pixels extends Extent {
  readonly channels: number;
  readonly data: Uint8Array;
}

/** Turns the bytes of a JPEG or PNG file into a feed of batch size 1. */
export type ImageReader = (bytes: Uint8Array, path: string) => Promise<Tensor<'float32' | 'uint8'>>;

/**
 * A reader of images for `input`: decoded, resized, cut and normalized as `preprocess` says, in the input's layout.
 * As PIL does, it does not turn by EXIF, drops an alpha channel, repeats grey for three channels, and makes grey of
 * RGB by ITU-R 601; unlike PIL it brings colours of an embedded profile to sRGB.
 * Throws HT_UNAVAILABLE without sharp, HT_DATA_INVALID where preprocessing and input contradict each other,
 * HT_UNSUPPORTED for inputs that are neither float32 nor uint8; the reader throws HT_DATA_INVALID.
 * `source` names the origin of `preprocess` in errors.
 */
export async function imageReader(
  input: ModelInput,
  preprocess: Preprocess,
  source: string,
): Promise<ImageReader> {
  const target = imageInput(input, source);
  const { dtype } = input;
  if (dtype !== 'float32' && dtype !== 'uint8') {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `input ${input.name} takes ${dtype}; images are read for float32 and uint8`,
      {
        input: input.name,
        dtype,
      },
    );
  }
  checkChannels(preprocess, target, source);
  if (dtype === 'uint8' && (preprocess.rescale !== undefined || preprocess.normalize)) {
    const key = preprocess.rescale !== undefined ? 'do_rescale' : 'do_normalize';
    throw dataInvalid(source, `${key}: the input ${input.name} takes uint8 pixels as they are; say false`, {
      key,
    });
  }
  const tables = valueTables(preprocess, target.channels);
  const sharp = await loadSharp();
  return async (bytes, path) => {
    const pixels = crop(await decode(sharp, bytes, preprocess, path), preprocess.crop, path);
    const { height, width } = pixels;
    if (height !== (target.height ?? height) || width !== (target.width ?? width)) {
      throw dataInvalid(
        path,
        `comes out ${width} x ${height} pixels, the input ${input.name} takes ${target.width ?? '?'} x ` +
          `${target.height ?? '?'}; set size or crop_size in the preprocessing`,
        { width, height, input: input.name, shape: input.shape },
      );
    }
    const planes = toChannels(pixels, target.channels);
    const plane = height * width;
    const data = new (dtype === 'float32' ? Float32Array : Uint8Array)(plane * target.channels);
    const [step, stride] = target.layout === 'NCHW' ? [plane, 1] : [1, target.channels];
    for (let c = 0; c < target.channels; c++) {
      const table = tables[c] as Float32Array;
      for (let i = 0; i < plane; i++) {
        data[c * step + i * stride] = table[planes[i * target.channels + c] as number] as number;
      }
    }
    const shape =
      target.layout === 'NCHW' ? [1, target.channels, height, width] : [1, height, width, target.channels];
    return { dtype, shape: Object.freeze(shape), data } as Tensor<'float32' | 'uint8'>;
  };
}

function checkChannels(preprocess: Preprocess, target: ImageInput, source: string): void {
  const { channels } = target;
  if (preprocess.rgb && channels === 1) {
    throw dataInvalid(source, 'do_convert_rgb: the model takes one channel; say false', {
      key: 'do_convert_rgb',
    });
  }
  for (const key of ['mean', 'std'] as const) {
    const { length } = preprocess.normalize?.[key] ?? [0];
    if (length !== 1 && length !== channels) {
      throw dataInvalid(source, `image_${key}: has ${length} values, the model takes ${channels} channels`, {
        key: `image_${key}`,
        channels,
      });
    }
  }
}

/** The value of each of the 256 codes of each channel; what a pixel becomes depends on nothing else. */
function valueTables(preprocess: Preprocess, channels: number): readonly Float32Array[] {
  const { normalize } = preprocess;
  return Array.from({ length: channels }, (_, c) => {
    const at = (list: readonly number[] | undefined, fallback: number): number =>
      list?.[list.length === 1 ? 0 : c] ?? fallback;
    const mean = at(normalize?.mean, 0);
    const std = at(normalize?.std, 1);
    return Float32Array.from({ length: 256 }, (__, code) => (code * (preprocess.rescale ?? 1) - mean) / std);
  });
}

async function decode(
  sharp: SharpFactory,
  bytes: Uint8Array,
  preprocess: Preprocess,
  path: string,
): Promise<Pixels> {
  // Warnings (say, stray bytes between JPEG markers) are common in real sets, and PIL passes over them too.
  const options = { failOn: 'error' } as const;
  try {
    const { width, height, hasAlpha, format } = await sharp(bytes, options).metadata();
    if (format !== 'jpeg' && format !== 'png')
      throw dataInvalid(path, `is a ${format} file; JPEG and PNG are read`);
    const size = preprocess.resize && resizedTo({ width, height }, preprocess.resize);
    if (!size) return await toPixels(sharp(bytes, options));
    let image = sharp(bytes, options);
    if (hasAlpha) {
      // Resizing with alpha would weigh colours by it; PIL drops it first.
      const { data, ...raw } = await toPixels(image);
      image = sharp(data, { raw: raw as { width: number; height: number; channels: 1 | 3 } });
    }
    return await toPixels(image.resize(size.width, size.height, { fit: 'fill', kernel: preprocess.kernel }));
  } catch (cause) {
    if (cause instanceof HalftoneError) throw cause;
    throw dataInvalid(path, 'cannot be decoded; the image is damaged, cut or too large', {}, cause);
  }
}

async function toPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}

/** The longer side is rounded to the nearest pixel, as sharp's own fits do; Hugging Face truncates it. */
function resizedTo(from: Extent, resize: NonNullable<Preprocess['resize']>): Extent {
  if (!('shorter' in resize)) return resize;
  const { shorter } = resize;
  const longer = (long: number, short: number): number =>
    Math.max(shorter, Math.floor((shorter * long) / short + 0.5));
  return from.width < from.height
    ? { width: shorter, height: longer(from.height, from.width) }
    : { width: longer(from.width, from.height), height: shorter };
}

function crop(pixels: Pixels, size: Extent | undefined, path: string): Pixels {
  if (!size) return pixels;
  const { channels } = pixels;
  if (pixels.height < size.height || pixels.width < size.width) {
    throw dataInvalid(
      path,
      `is ${pixels.width} x ${pixels.height} pixels before the crop of ${size.width} x ${size.height}`,
      { key: 'crop_size', width: pixels.width, height: pixels.height },
    );
  }
  const top = Math.floor((pixels.height - size.height) / 2);
  const left = Math.floor((pixels.width - size.width) / 2);
  const data = new Uint8Array(size.height * size.width * channels);
  for (let y = 0; y < size.height; y++) {
    const from = ((y + top) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(from, from + size.width * channels), y * size.width * channels);
  }
  return { ...size, channels, data };
}

function toChannels(pixels: Pixels, wanted: 1 | 3): Uint8Array {
  const { data, channels, width, height } = pixels;
  if (channels === wanted) return data;
  const count = width * height;
  const result = new Uint8Array(count * wanted);
  for (let i = 0; i < count; i++) {
    if (channels === 1) {
      result.fill(data[i] as number, i * 3, i * 3 + 3);
    } else {
      const [r, g, b] = [data[i * 3] as number, data[i * 3 + 1] as number, data[i * 3 + 2] as number];
      // PIL's integer form of 0.299 R + 0.587 G + 0.114 B.
      result[i] = (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
    }
  }
  return result;
}
