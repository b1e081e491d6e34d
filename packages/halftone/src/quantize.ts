import reference from '@halftone/backend-reference';
import { openBackend } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import {
  type FloatRunner,
  graphRunner,
  type QuantizationReport,
  quantizeStatic as quantizeWith,
  type StaticOptions,
} from '@halftone/quantize';

/** Choices of `quantizeStatic`; without a runner, calibration runs on our own executor. */
export type QuantizeStaticOptions = Omit<StaticOptions, 'runner'> & {
  readonly runner?: FloatRunner | undefined;
};

/**
 * Quantizes a float model with parameters calibrated on sample data.
 * Throws what reading the data throws, HT_DATA_INVALID for batches that do not fit the model, and HT_UNSUPPORTED for a
 * model that our executor does not cover: pass `runner: ortRunner(ort)` then.
 */
export async function quantizeStatic(
  graph: Graph,
  options: QuantizeStaticOptions,
): Promise<{ model: Graph; report: QuantizationReport }> {
  if (options.runner) return await quantizeWith(graph, { ...options, runner: options.runner });
  const backend = await openBackend(reference);
  try {
    return await quantizeWith(graph, { ...options, runner: graphRunner(backend) });
  } finally {
    await backend.dispose();
  }
}
