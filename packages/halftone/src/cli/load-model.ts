import { stat } from 'node:fs/promises';
import { HalftoneError, isHalftoneError } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import { externalBytes, loadOnnx } from '@halftone/onnx';

/** Loads a model; errors about what stands in the file name it. Errors of `loadOnnx`, with `path` in their details. */
export async function loadModel(path: string): Promise<Graph> {
  try {
    return await loadOnnx(path);
  } catch (error) {
    if (!isHalftoneError(error) || error.message.includes(path)) throw error;
    throw new HalftoneError(
      error.code,
      `${path}: ${error.message}`,
      { ...error.details, path },
      { cause: error },
    );
  }
}

/** What a model takes: its file, and what its weights take in files beside it. */
export async function modelBytes(path: string, graph: Graph): Promise<number> {
  return (await stat(path)).size + externalBytes(graph);
}
