import { HalftoneError, type Tensor } from '@halftone/core';
import type { Graph, ValueInfo } from '@halftone/graph';
import type { CalibrationBatch } from './options.ts';

/**
 * Checks one batch against the graph's inputs: names, dtypes, known extents.
 * Throws HT_DATA_INVALID naming the batch and the inputs at fault.
 */
export function checkFeeds(graph: Graph, feeds: CalibrationBatch, batch: number): void {
  const wanted = graph.inputs.filter((input) => !graph.constants.has(input.name));
  const names = new Set(graph.inputs.map((input) => input.name));
  const missing = wanted.map((input) => input.name).filter((name) => feedOf(feeds, name) === undefined);
  const extra = Object.keys(feeds).filter((name) => !names.has(name));
  if (missing.length > 0 || extra.length > 0) {
    const parts = [
      ...(missing.length > 0 ? [`lacks ${missing.join(', ')}`] : []),
      ...(extra.length > 0 ? [`has ${extra.join(', ')}, which the model does not take`] : []),
    ];
    throw new HalftoneError('HT_DATA_INVALID', `calibration batch ${batch} ${parts.join(' and ')}`, {
      batch,
      missing,
      extra,
    });
  }
  for (const input of wanted) checkFeed(input, feeds, batch);
}

/** The batch's own tensor of that name: an input may be called `constructor`. */
function feedOf(feeds: CalibrationBatch, name: string): Tensor | undefined {
  return Object.hasOwn(feeds, name) ? feeds[name] : undefined;
}

function checkFeed(input: ValueInfo, feeds: CalibrationBatch, batch: number): void {
  const feed = feedOf(feeds, input.name);
  if (feed === undefined) return;
  const where = { batch, input: input.name };
  if (input.elementType !== undefined && feed.dtype !== input.elementType) {
    throw new HalftoneError(
      'HT_DATA_INVALID',
      `calibration batch ${batch}: ${input.name} is ${feed.dtype}, the model takes ${input.elementType}`,
      { ...where, expected: input.elementType, got: feed.dtype },
    );
  }
  const shape = input.shape;
  const fits =
    shape === undefined ||
    (shape.length === feed.shape.length &&
      shape.every((extent, i) => typeof extent !== 'number' || extent === feed.shape[i]));
  if (fits) return;
  const declared = shape.map((extent) => extent ?? '?');
  throw new HalftoneError(
    'HT_DATA_INVALID',
    `calibration batch ${batch}: ${input.name} is [${feed.shape.join(', ')}], the model takes [${declared.join(', ')}]`,
    { ...where, expected: declared, got: feed.shape },
  );
}
