import { dataInvalid, readText } from './data-file.ts';

/** Resampling kernels by sharp's names. */
type ResizeKernel = 'nearest' | 'lanczos3' | 'linear' | 'cubic';

/** Height and width in pixels. */
export interface Extent {
  readonly height: number;
  readonly width: number;
}

/** How images become inputs: the steps in their order, each left out where it is undefined. */
export interface Preprocess {
  /** To a length of the shorter side, the aspect kept, or to exact extents. */
  readonly resize: ({ readonly shorter: number } | Extent) | undefined;
  readonly kernel: ResizeKernel;
  /** Cut out of the centre. */
  readonly crop: Extent | undefined;
  /** Factor of every value 0..255. */
  readonly rescale: number | undefined;
  /** (x - mean) / std after the factor; one value for all channels or one for each. */
  readonly normalize: { readonly mean: readonly number[]; readonly std: readonly number[] } | undefined;
  /** True where the model has to take three channels. */
  readonly rgb: boolean;
}

/** PIL's numbers; `undefined` marks the filters that sharp does not have. */
const resamplers: readonly (ResizeKernel | undefined)[] = [
  'nearest',
  'lanczos3',
  'linear',
  'cubic',
  undefined,
  undefined,
];

/** Keys that change pixels, and that are refused unless they are off. */
const refused = [
  'include_top',
  'longest_edge',
  'max_image_size',
  'offset',
  'pad_size',
  'patch_size',
  'rescale_offset',
  'size_divisor',
  'size_divisibility',
];

const supported = new Set(['do_resize', 'do_center_crop', 'do_rescale', 'do_normalize', 'do_convert_rgb']);

/** Steps that work on segmentation maps and other labels, never on pixels. */
const harmless = new Set(['do_reduce_labels', 'do_reduce_label']);

/** Reads a preprocessor_config.json. Throws HT_FILE and HT_DATA_INVALID. */
export async function readPreprocess(path: string): Promise<Preprocess> {
  const text = await readText(path);
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (cause) {
    throw dataInvalid(path, 'is no JSON', {}, cause);
  }
  return parsePreprocess(config, path);
}

/**
 * Turns a Hugging Face image processor configuration into steps.
 *
 * A step without its `do_` key runs where its values are given; `do_rescale` is on and 1/255 without them, as in
 * every image processor. `do_normalize` and `resample` have no default that all processors share: they must be said.
 * A `size` of one number is the shorter side where a crop follows and a square otherwise; `default_to_square`, or
 * the processors that squash before they crop (BEiT, DeiT), say more.
 * `crop_pct` is that of ConvNeXT (below 384 pixels the shorter side becomes size / crop_pct before the centre is cut
 * out, from there the image is squashed) and of PoolFormer (which has a crop of its own).
 * Throws HT_DATA_INVALID with `details.key` for a value out of its domain, a contradiction, and a setting that would
 * change pixels and is not covered. Other keys are ignored.
 * Source: transformers, image_processing_utils.py, image_transforms.py and the processors of the models named.
 */
export function parsePreprocess(config: unknown, source: string = 'preprocess'): Preprocess {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw dataInvalid(source, 'is no object of preprocessor settings');
  }
  const settings = new Settings(config as Readonly<Record<string, unknown>>, source);
  refuseUncovered(settings);
  const geometry = parseGeometry(settings);
  return { ...geometry, ...parseValues(settings), rgb: settings.flag('do_convert_rgb') ?? false };
}

/** Typed access to the keys; JSON's null counts as left out. */
class Settings {
  readonly config: Readonly<Record<string, unknown>>;
  readonly source: string;

  constructor(config: Readonly<Record<string, unknown>>, source: string) {
    this.config = config;
    this.source = source;
  }

  fail(key: string, what: string): never {
    throw dataInvalid(this.source, `${key}: ${what}`, { key, value: this.config[key] });
  }

  get(key: string): unknown {
    return Object.hasOwn(this.config, key) ? (this.config[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  flag(key: string): boolean | undefined {
    const value = this.get(key);
    if (value !== undefined && typeof value !== 'boolean') this.fail(key, 'true or false is needed');
    return value as boolean | undefined;
  }

  positive(key: string): number | undefined {
    const value = this.get(key);
    if (value !== undefined && !(typeof value === 'number' && Number.isFinite(value) && value > 0)) {
      this.fail(key, 'a positive number is needed');
    }
    return value as number | undefined;
  }

  /** Whether a step runs: as its key says, else where one of its values is given. */
  runs(step: string, ...values: string[]): boolean {
    return this.flag(step) ?? values.some((key) => this.has(key));
  }

  pixels(key: string, value: unknown): number {
    if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > 65535) {
      this.fail(key, 'whole pixels from 1 to 65535 are needed');
    }
    return value as number;
  }

  /** `{ height, width }`, or undefined where the value has other keys. */
  extent(key: string): Extent | undefined {
    const value = this.get(key);
    if (!hasKeys(value, 'height', 'width')) return undefined;
    return { height: this.pixels(key, value.height), width: this.pixels(key, value.width) };
  }
}

function hasKeys<K extends string>(value: unknown, ...keys: K[]): value is Record<K, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const present = Object.entries(value).filter(([, entry]) => entry !== null);
  return present.length === keys.length && keys.every((key) => Object.hasOwn(value, key));
}

function refuseUncovered(settings: Settings): void {
  for (const [key, value] of Object.entries(settings.config)) {
    const off = value === false || value === null || value === undefined;
    const step = key.startsWith('do_') && !supported.has(key) && !harmless.has(key);
    if (!off && (step || refused.includes(key))) {
      settings.fail(key, 'this step is not covered; prepare the images as arrays (.npy, .npz) instead');
    }
  }
}

type Geometry = Pick<Preprocess, 'resize' | 'kernel' | 'crop'>;

function parseGeometry(settings: Settings): Geometry {
  const cropped = settings.runs('do_center_crop', 'crop_size');
  const crop = cropped ? parseCrop(settings) : undefined;
  if (!settings.runs('do_resize', 'size')) return { resize: undefined, kernel: 'linear', crop };
  const kernel = parseKernel(settings);
  const ratio = settings.positive('crop_pct');
  if (ratio !== undefined) return { kernel, ...parseRatio(settings, ratio, crop) };
  const resize = parseSize(settings, cropped);
  if (crop && smallerThan(resize, crop)) settings.fail('crop_size', 'is larger than size');
  return { resize, kernel, crop };
}

function parseCrop(settings: Settings): Extent {
  const value = settings.get('crop_size');
  if (value === undefined) settings.fail('crop_size', 'is missing, and do_center_crop needs it');
  if (typeof value === 'number') {
    const side = settings.pixels('crop_size', value);
    return { height: side, width: side };
  }
  return (
    settings.extent('crop_size') ?? settings.fail('crop_size', 'a number or { height, width } is needed')
  );
}

function parseKernel(settings: Settings): ResizeKernel {
  const value = settings.get('resample');
  if (value === undefined)
    settings.fail('resample', 'is missing, and resizing needs it; 2 is bilinear, 3 bicubic');
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) >= resamplers.length) {
    settings.fail('resample', 'a number from 0 to 5 is needed');
  }
  return (
    resamplers[value as number] ?? settings.fail('resample', 'the box and Hamming filters are not covered')
  );
}

function shorterSide(settings: Settings): number | undefined {
  const value = settings.get('size');
  return hasKeys(value, 'shortest_edge') ? settings.pixels('size', value.shortest_edge) : undefined;
}

function parseSize(settings: Settings, cropped: boolean): { shorter: number } | Extent {
  const value = settings.get('size');
  if (value === undefined) settings.fail('size', 'is missing, and do_resize needs it');
  if (typeof value === 'number') {
    const side = settings.pixels('size', value);
    const square = settings.flag('default_to_square') ?? (!cropped || squashes(settings));
    return square ? { height: side, width: side } : { shorter: side };
  }
  const shorter = shorterSide(settings);
  if (shorter !== undefined) return { shorter };
  return (
    settings.extent('size') ??
    settings.fail('size', 'a number, { shortest_edge } or { height, width } is needed')
  );
}

function squashes(settings: Settings): boolean {
  const type = settings.get('image_processor_type') ?? settings.get('feature_extractor_type');
  return typeof type === 'string' && /^(?:beit|deit)/i.test(type);
}

function parseRatio(settings: Settings, ratio: number, crop: Extent | undefined): Omit<Geometry, 'kernel'> {
  if (ratio > 1) settings.fail('crop_pct', 'at most 1 is possible');
  const value = settings.get('size');
  const side = typeof value === 'number' ? settings.pixels('size', value) : shorterSide(settings);
  if (side === undefined) settings.fail('crop_pct', 'needs a size of one number or { shortest_edge }');
  const square = { height: side, width: side };
  if (!crop && side >= 384) return { resize: square, crop: undefined };
  const resize = { shorter: Math.floor(side / ratio) };
  if (crop && smallerThan(resize, crop)) settings.fail('crop_size', 'is larger than size / crop_pct');
  return { resize, crop: crop ?? square };
}

function smallerThan(size: { shorter: number } | Extent, crop: Extent): boolean {
  const { height, width } = 'shorter' in size ? { height: size.shorter, width: size.shorter } : size;
  return 'shorter' in size
    ? Math.min(crop.height, crop.width) > height
    : crop.height > height || crop.width > width;
}

function parseValues(settings: Settings): Pick<Preprocess, 'rescale' | 'normalize'> {
  const factor = settings.positive('rescale_factor') ?? 1 / 255;
  const rescale = (settings.flag('do_rescale') ?? true) ? factor : undefined;
  if (
    settings.flag('do_normalize') === undefined &&
    !settings.has('image_mean') &&
    !settings.has('image_std')
  ) {
    settings.fail('do_normalize', 'is missing; say false, or give image_mean and image_std');
  }
  if (!settings.runs('do_normalize', 'image_mean', 'image_std')) return { rescale, normalize: undefined };
  const mean = channelValues(settings, 'image_mean', () => true);
  const std = channelValues(settings, 'image_std', (value) => value > 0);
  if (mean.length > 1 && std.length > 1 && mean.length !== std.length) {
    settings.fail('image_std', `has ${std.length} values, image_mean ${mean.length}`);
  }
  return { rescale, normalize: { mean, std } };
}

function channelValues(settings: Settings, key: string, ok: (value: number) => boolean): readonly number[] {
  const value = settings.get(key);
  if (value === undefined) settings.fail(key, 'is missing, and do_normalize needs it');
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const valid = (entry: unknown): boolean => typeof entry === 'number' && Number.isFinite(entry) && ok(entry);
  if (![1, 3].includes(list.length) || !list.every(valid)) {
    settings.fail(key, `one or three ${key === 'image_std' ? 'positive ' : ''}numbers are needed`);
  }
  return list as number[];
}
