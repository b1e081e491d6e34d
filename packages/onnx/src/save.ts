import type { Graph } from '@halftone/graph';
import { files } from '#files';
import { inline } from './constants.ts';
import { DataFile } from './data-file.ts';
import { exportModel } from './export.ts';
import type { OutputFile } from './files.ts';
import { modelType } from './schema.ts';
import { bytesOf, checkLength, encodeMessage, joinPieces } from './wire/encode.ts';

/** Past this, less than 2 GiB for everything but the weights is left. */
const inlineLimit = 2_080_374_784;

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
 * Saves a graph as ONNX, one tensor at a time where the weights stand in other files. The file appears whole or not at all, and files that are there are kept unless `overwrite` is set.
 * Throws HT_FILE, HT_UNAVAILABLE where there is no file system, and the errors of `serializeOnnx`.
 */
export async function saveOnnx(graph: Graph, path: string, options: SaveOptions = {}): Promise<void> {
  const external = options.externalData ?? weightOf(graph) > inlineLimit;
  const data = external ? new DataFile(`${files.baseName(path)}.data`) : undefined;
  const model = encodeMessage(modelType, exportModel(graph, data?.writer ?? inline));
  checkLength(model);
  const outputs: OutputFile[] = [{ path, pieces: () => bytesOf(model) }];
  if (data !== undefined && !data.isEmpty)
    outputs.unshift({ path: files.sibling(path, data.name), pieces: () => data.pieces() });
  await files.write(outputs, options.overwrite ?? false);
}

function weightOf(graph: Graph): number {
  let bytes = 0;
  for (const constant of graph.constants.values()) bytes += constant.byteLength;
  return bytes;
}
