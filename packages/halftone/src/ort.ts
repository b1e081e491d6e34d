import { type DType, HalftoneError, isDType, type Tensor, tensor } from '@halftone/core';
import { serializeOnnx } from '@halftone/onnx';
import { type FloatRunner, type FloatSession, withOutputs } from '@halftone/quantize';

/** What is used of the onnxruntime-node or onnxruntime-web module. */
export interface OrtModule {
  readonly InferenceSession: { create(model: never, options?: object): Promise<OrtSession> };
  readonly Tensor: new (type: string, data: never, dims: readonly number[]) => OrtTensor;
}

interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

interface OrtTensor {
  readonly type: string;
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** Session options: errors only on its log, since warnings of other people's models are noise here. */
const quiet = { logSeverityLevel: 3 };

/** Runs float models in ONNX Runtime: pass the imported onnxruntime-node or onnxruntime-web module. Covers every ONNX model. */
export function ortRunner(ort: OrtModule): FloatRunner {
  return {
    open: async (graph, outputs) => await openOrt(ort, serializeOnnx(withOutputs(graph, outputs))),
  };
}

/**
 * Opens a model in ONNX Runtime: its bytes, or a path, beside which it finds weights that stand in other files.
 * Throws HT_MODEL_INVALID with ONNX Runtime's reason where it does not load.
 */
export async function openOrt(
  ort: OrtModule,
  model: Uint8Array | string,
  options: object = {},
): Promise<FloatSession> {
  let session: OrtSession;
  try {
    session = await ort.InferenceSession.create(model as never, { ...quiet, ...options });
  } catch (cause) {
    throw new HalftoneError(
      'HT_MODEL_INVALID',
      `ONNX Runtime does not load the model: ${reasonOf(cause)}`,
      {},
      { cause },
    );
  }
  return {
    async run(feeds) {
      const inputs = Object.fromEntries(
        Object.entries(feeds).map(([name, feed]) => [
          name,
          new ort.Tensor(feed.dtype, feed.data as never, feed.shape),
        ]),
      );
      let results: Record<string, OrtTensor>;
      try {
        results = await session.run(inputs);
      } catch (cause) {
        throw new HalftoneError(
          'HT_MODEL_INVALID',
          `ONNX Runtime does not run the model: ${reasonOf(cause)}`,
          {},
          { cause },
        );
      }
      return Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, fromOrt(name, result)]),
      );
    },
    dispose: () => session.release(),
  };
}

function fromOrt(name: string, result: OrtTensor): Tensor {
  if (!isDType(result.type)) {
    throw new HalftoneError(
      'HT_UNSUPPORTED',
      `output ${name} is ${result.type}; ${result.type} tensors are not held here`,
      { output: name },
    );
  }
  return tensor(result.type as DType, result.data as Float32Array, result.dims);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
