import { byteSize, HalftoneError, type Tensor, type ValueRange } from '@halftone/core';
import { type Graph, inferShapes } from '@halftone/graph';
import { checkFeeds } from './feeds.ts';
import type { Observer, ObserverFactory } from './observers/observer.ts';
import { type CalibrationBatch, type CalibrationProgress, checkStop, type StopSignal } from './options.ts';
import type { FloatRunner, FloatSession } from './runner.ts';

/** What calibration needs beside the graph. */
export interface CalibrateOptions {
  readonly data: AsyncIterable<CalibrationBatch> | Iterable<CalibrationBatch>;
  readonly runner: FloatRunner;
  readonly observer: ObserverFactory;
  readonly onProgress?: ((progress: CalibrationProgress) => void) | undefined;
  readonly signal?: StopSignal | undefined;
  /** Bytes of observed values that one run may hold; more values are spread over several runs. Default 256 MiB. */
  readonly budget?: number | undefined;
}

/** What was seen of one value. */
export interface ObservedRange {
  readonly range: ValueRange;
  /** How many NaN were skipped. */
  readonly skipped: number;
}

/** Ranges of all observed values, with how much data they come from. */
export interface Calibration {
  readonly ranges: ReadonlyMap<string, ObservedRange>;
  readonly batches: number;
  readonly samples: number;
}

const DEFAULT_BUDGET = 268435456;

/**
 * Runs calibration data through a float graph and observes `values` (graph inputs or inner values, all float32).
 * Batches are taken one at a time and nothing of them is kept, so memory is that of one batch, whatever their number.
 * Throws HT_DATA_INVALID for a batch that does not fit the graph's inputs, for infinite values and where there is no
 * batch at all; what the runner and the data throw passes through.
 */
export async function calibrate(
  graph: Graph,
  values: readonly string[],
  options: CalibrateOptions,
): Promise<Calibration> {
  const observers = new Map(values.map((value) => [value, options.observer(value)]));
  const inputs = new Set(graph.inputs.map((input) => input.name));
  const inner = values.filter((value) => !inputs.has(value));
  const sessions: { readonly session: FloatSession; readonly outputs: readonly string[] }[] = [];
  let batches = 0;
  let samples = 0;
  try {
    for await (const feeds of options.data) {
      checkStop(options.signal);
      checkFeeds(graph, feeds, batches);
      const size = sampleCount(feeds);
      if (batches === 0) {
        // The first batch tells how large the values are, hence how many runs share them.
        for (const outputs of runsWithin(graph, inner, feeds, options.budget ?? DEFAULT_BUDGET)) {
          sessions.push({ session: await options.runner.open(graph, outputs), outputs });
        }
      }
      for (const value of values) if (inputs.has(value)) watch(observers, value, feeds[value], size);
      for (const { session, outputs } of sessions) {
        const results = await session.run(feeds);
        for (const value of outputs) watch(observers, value, results[value], size);
      }
      batches++;
      samples += size;
      options.onProgress?.({ batches, samples });
    }
  } finally {
    for (const { session } of sessions) await session.dispose();
  }
  if (batches === 0) {
    throw new HalftoneError(
      'HT_DATA_INVALID',
      'the calibration data has no batch; at least one is needed, a hundred samples are usual',
    );
  }
  const ranges = new Map(
    [...observers].map(([value, o]) => [value, { range: o.range(), skipped: o.skipped }]),
  );
  return { ranges, batches, samples };
}

function watch(
  observers: ReadonlyMap<string, Observer>,
  value: string,
  result: Tensor | undefined,
  samples: number,
): void {
  if (result === undefined) {
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      `the runner gave no ${value}; it must give all values it was opened with`,
      {
        value,
      },
    );
  }
  if (!(result.data instanceof Float32Array)) {
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `${value} is ${result.dtype}, only float32 values are observed`,
      {
        value,
        dtype: result.dtype,
      },
    );
  }
  // A value without a batch axis (of a constant, of a sum over all samples) counts as one sample.
  const batched = result.shape[0] === samples && samples > 0;
  observers.get(value)?.observe(result.data, batched ? samples : 1);
}

/** The leading extent where all inputs have the same, else 1. */
function sampleCount(feeds: CalibrationBatch): number {
  const counts = new Set(Object.values(feeds).map((feed) => feed.shape[0] ?? 1));
  const [first] = counts;
  return counts.size === 1 && first !== undefined ? first : 1;
}

/** Spreads values, in order, over as few runs as the budget allows. Sizes that inference does not know count as 0. */
function runsWithin(
  graph: Graph,
  values: readonly string[],
  feeds: CalibrationBatch,
  budget: number,
): readonly (readonly string[])[] {
  const shapes = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, feed.shape]));
  const types = inferShapes(graph, shapes);
  const runs: string[][] = [];
  let room = 0;
  for (const value of values) {
    const shape = types.get(value)?.shape ?? [];
    const known = shape.every((extent) => typeof extent === 'number');
    const bytes = known ? byteSize({ dtype: 'float32', shape: shape as readonly number[] }) : 0;
    if (runs.length === 0 || bytes > room) {
      runs.push([]);
      room = budget;
    }
    runs.at(-1)?.push(value);
    room -= bytes;
  }
  return runs;
}
