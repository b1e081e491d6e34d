import { HalftoneError } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import { files } from '#files';
import type { ExternalRange, ExternalReader } from './external-range.ts';
import { importModel } from './import.ts';

declare const fetch:
  | ((url: string) => Promise<{ ok: boolean; status: number; arrayBuffer(): Promise<ArrayBuffer> }>)
  | undefined;

/** How a model is loaded. */
export interface LoadOptions {
  /** The contents of the files beside the model that hold its weights, by their location in the model; instead of reading them. */
  readonly externalData?: Readonly<Record<string, Uint8Array>>;
}

/**
 * Loads an ONNX model from a path, a `file:`, `http:` or `https:` URL, or its bytes, which the graph keeps using.
 * Weights in other files are read one tensor at a time, when asked for, and only from the model's folder.
 * Throws HT_FILE, HT_MODEL_INVALID, HT_UNSUPPORTED (opsets before 7), HT_UNAVAILABLE (a path where there is no file system).
 */
export async function loadOnnx(
  source: string | { readonly href: string } | Uint8Array,
  options: LoadOptions = {},
): Promise<Graph> {
  const given = options.externalData === undefined ? undefined : new MemoryReader(options.externalData);
  if (source instanceof Uint8Array) return importModel(source, given);
  if (typeof source !== 'string' && /^https?:/.test(source.href))
    return importModel(await download(source.href), given);
  const path = typeof source === 'string' ? source : files.pathOf(source.href);
  return importModel(await files.read(path), given ?? files.beside(path));
}

/**
 * Reads an ONNX model from its bytes, which the graph keeps using. Weights in other files are not read: `tensor()` of such a constant throws HT_FILE.
 * Throws HT_MODEL_INVALID for damaged or invalid models, HT_UNSUPPORTED for opsets before 7.
 */
export function parseOnnx(bytes: Uint8Array): Graph {
  return importModel(bytes, undefined);
}

async function download(url: string): Promise<Uint8Array> {
  if (typeof fetch !== 'function')
    throw new HalftoneError('HT_UNAVAILABLE', `${url}: there is no fetch here; pass the bytes`, { url });
  let status: number | string;
  try {
    const response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    status = response.status;
  } catch (cause) {
    throw new HalftoneError(
      'HT_FILE',
      `${url} cannot be fetched; check the address and the connection`,
      { url },
      { cause },
    );
  }
  throw new HalftoneError('HT_FILE', `${url} cannot be fetched (status ${status}); check the address`, {
    url,
    status,
  });
}

class MemoryReader implements ExternalReader {
  readonly #files: ReadonlyMap<string, Uint8Array>;

  constructor(contents: Readonly<Record<string, Uint8Array>>) {
    this.#files = new Map(Object.entries(contents));
  }

  check(range: ExternalRange): void {
    this.read(range);
  }

  read(range: ExternalRange): Uint8Array {
    const { tensor, location, offset, length } = range;
    const place = `tensor "${tensor}": external data at "${location}", offset ${offset}, length ${length}`;
    const bytes = this.#files.get(location);
    if (bytes === undefined)
      throw new HalftoneError('HT_FILE', `${place}: { externalData } does not have that file; add it`, {
        ...range,
      });
    if (offset + length > bytes.length) {
      throw new HalftoneError(
        'HT_MODEL_INVALID',
        `${place}: the file has ${bytes.length} bytes; it belongs to another model`,
        { ...range },
      );
    }
    return bytes.subarray(offset, offset + length);
  }
}
