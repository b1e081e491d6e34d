import type { TensorProto } from './messages.ts';
import { invalid } from './place.ts';

/** Where the elements of a tensor stand in another file. */
export interface ExternalRange {
  readonly tensor: string;
  /** Path of the file, relative to the model's folder. */
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** Reads ranges of the files beside a model. Both methods throw HT_MODEL_INVALID or HT_FILE, `read` HT_OUT_OF_MEMORY. */
export interface ExternalReader {
  /** Checks that the file may be read and that it has the range. */
  check(range: ExternalRange): void;
  read(range: ExternalRange): Uint8Array;
}

/**
 * The range that a tensor names in `external_data`.
 * Throws HT_MODEL_INVALID for a missing or unsafe location (absolute, `..`), for one named twice, and for numbers that do not fit the tensor.
 */
export function externalRange(proto: TensorProto, byteLength: number, place: string): ExternalRange {
  const tensor = proto.name ?? '';
  const entries = new Map<string, string>();
  for (const { key = '', value = '' } of proto.externalData ?? []) {
    // of two places one reader takes the first and another the last
    if (entries.has(key) && readKeys.has(key))
      throw invalid(place, `external data: ${key} comes twice`, { tensor, key });
    entries.set(key, value);
  }
  const location = entries.get('location') ?? '';
  const reason = refusal(location);
  if (reason !== undefined)
    throw invalid(place, `external data at "${location}": ${reason}`, { tensor, location });
  const offset = countOf(entries.get('offset') ?? '0');
  const length = countOf(entries.get('length') ?? String(byteLength));
  if (offset === undefined || length === undefined) {
    throw invalid(place, `external data at "${location}": offset and length are whole numbers of bytes`, {
      tensor,
      location,
      offset: entries.get('offset'),
      length: entries.get('length'),
    });
  }
  if (length !== byteLength) {
    throw invalid(
      place,
      `external data at "${location}", offset ${offset}: the tensor takes ${byteLength} bytes, ${length} are named`,
      {
        tensor,
        location,
        offset,
        length,
      },
    );
  }
  return { tensor, location, offset, length };
}

const readKeys: ReadonlySet<string> = new Set(['location', 'offset', 'length']);

function countOf(text: string): number | undefined {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Why a location is not read: it must name a file below the model's folder, on every system alike. */
function refusal(location: string): string | undefined {
  if (location === '') return 'no file is named';
  if (location.includes('\0')) return 'the name has a zero byte';
  if (/^[/\\]/.test(location) || /^[A-Za-z]:/.test(location))
    return 'absolute paths are refused; name a file in the folder of the model';
  if (location.split(/[/\\]/).includes('..')) return 'it leaves the folder of the model';
  return undefined;
}
