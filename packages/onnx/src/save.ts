import { HalftoneError } from '@halftone/core';
import type { Constant, Graph } from '@halftone/graph';
import { files } from '#files';
import { type ConstantWriter, inline } from './constants.ts';
import { exportModel } from './export.ts';
import type { OutputFile } from './files.ts';
import { modelType } from './schema.ts';
import { rawOf, StoredConstant } from './tensor-proto.ts';
import { encodeMessage, joinPieces, type Pieces } from './wire/encode.ts';

/** Offsets in a file of weights are multiples of this, so that it can be mapped into memory. */
const alignment = 4096;
/** Smaller tensors stay in the model. */
const externalFrom = 1024;
/** Past this, less than 2 GiB for everything but the weights is left. */
const inlineLimit = 2 ** 31 - 2 ** 26;

/** How a model is saved. */
export interface SaveOptions {
  /** Write the weights into a second file, `<file>.data`; by default only where the model would not fit into 2 GiB. */
  readonly externalData?: boolean;
  /** Replace files that are there already. */
  readonly overwrite?: boolean;
}

/**
 * Writes a graph as ONNX: opset 13, or the graph's own where that is later. Weights that were read from other files are brought in.
 * Throws HT_UNSUPPORTED for nodes that cannot be said in that opset (by name) and past 2 GiB, HT_INVALID_ARGUMENT for a graph that cannot be written.
 */
export function serializeOnnx(graph: Graph): Uint8Array {
  return joinPieces(encodeMessage(modelType, exportModel(graph, inline)));
}

/**
 * Saves a graph as ONNX. The file appears whole or not at all, and files that are there are kept unless `overwrite` is set.
 * Throws HT_FILE, HT_UNAVAILABLE where there is no file system, and the errors of `serializeOnnx`.
 */
export async function saveOnnx(graph: Graph, path: string, options: SaveOptions = {}): Promise<void> {
  const external = options.externalData ?? weightOf(graph) > inlineLimit;
  const outputs: OutputFile[] = [];
  let writer: ConstantWriter = inline;
  if (external) {
    const data = new DataFile(`${files.baseName(path)}.data`);
    writer = data.writer;
    outputs.push({ path: files.sibling(path, data.name), pieces: () => data.pieces() });
  }
  const model = encodeMessage(modelType, exportModel(graph, writer));
  checkLength(model);
  outputs.push({ path, pieces: () => model.parts });
  await files.write(outputs, options.overwrite ?? false);
}

function weightOf(graph: Graph): number {
  let bytes = 0;
  for (const constant of graph.constants.values()) bytes += constant.byteLength;
  return bytes;
}

function checkLength(pieces: Pieces): void {
  if (pieces.length <= 2147483647) return;
  throw new HalftoneError('HT_UNSUPPORTED', `the model takes ${pieces.length} bytes, and one ONNX file holds less than 2 GiB; save it with { externalData: true }`, {
    length: pieces.length,
  });
}

/** A file of weights: what is written where is settled first, the elements are fetched one tensor at a time. */
class DataFile {
  readonly name: string;
  readonly #constants = new Map<Constant, number>();
  #end = 0;

  constructor(name: string) {
    this.name = name;
  }

  readonly writer: ConstantWriter = (constant, proto) => {
    if (constant.byteLength < externalFrom || !canBeRaw(constant)) return inline(constant, proto);
    const known = this.#constants.get(constant);
    const offset = known ?? Math.ceil(this.#end / alignment) * alignment;
    if (known === undefined) {
      this.#constants.set(constant, offset);
      this.#end = offset + constant.byteLength;
    }
    const { rawData: _raw, floatData: _floats, int32Data: _int32, int64Data: _int64, doubleData: _doubles, uint64Data: _uint64, ...rest } = proto;
    const place = { location: this.name, offset: String(offset), length: String(constant.byteLength) };
    return { ...rest, dataLocation: 1, externalData: Object.entries(place).map(([key, value]) => ({ key, value })) };
  };

  *pieces(): Generator<Uint8Array> {
    let at = 0;
    for (const [constant, offset] of this.#constants) {
      if (offset > at) yield new Uint8Array(offset - at);
      const bytes = rawBytes(constant);
      yield bytes;
      at = offset + bytes.length;
    }
  }
}

function canBeRaw(constant: Constant): boolean {
  return !(constant instanceof StoredConstant) || constant.rawable;
}

function rawBytes(constant: Constant): Uint8Array {
  return (constant instanceof StoredConstant ? constant.raw() : undefined) ?? rawOf(constant.tensor());
}
