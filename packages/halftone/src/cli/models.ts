import { readFile } from 'node:fs/promises';
import type { Graph } from '@halftone/graph';
import { serializeOnnx } from '@halftone/onnx';

/** A model's bytes for another engine; weights of external files are put inside. */
export async function modelBytes(path: string, graph: Graph): Promise<Uint8Array> {
  const bytes = await readFile(path);
  const isExternal = [...graph.constants.values()].some((constant) => constant.byteLength > bytes.length);
  return isExternal ? serializeOnnx(graph) : bytes;
}
