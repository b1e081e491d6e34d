import { sizeOf, type Tensor, zeros } from '@halftone/core';
import type { Graph } from '@halftone/graph';
import type { FloatSession } from '@halftone/quantize';
import { Similarity } from './similarity.ts';

/** How close a quantized model's outputs are to the float model's. */
export interface Quality {
  readonly samples: number;
  /** What the models were run on. */
  readonly inputs: 'data' | 'random';
  readonly cosine: number;
  readonly sqnrDb: number;
}

/** Runs both models on some feeds and compares their float outputs. */
export async function measureQuality(
  float: Pick<FloatSession, 'run'>,
  quantized: Pick<FloatSession, 'run'>,
  feeds: AsyncIterable<Readonly<Record<string, Tensor>>> | Iterable<Readonly<Record<string, Tensor>>>,
  inputs: Quality['inputs'],
): Promise<Quality> {
  const similarity = new Similarity();
  let samples = 0;
  for await (const feed of feeds) {
    const expected = await float.run(feed);
    const got = await quantized.run(feed);
    for (const [name, tensor] of Object.entries(expected)) {
      if (tensor.dtype === 'float32' && got[name])
        similarity.add(tensor.data as Float32Array, got[name].data as Float32Array);
    }
    samples++;
  }
  return { samples, inputs, cosine: similarity.cosine, sqnrDb: similarity.sqnrDb };
}

/** Feeds of uniform random values in [-1, 1) (small integers for integer inputs), the same for the same seed. */
export function* randomFeeds(graph: Graph, samples: number, seed = 1): Generator<Record<string, Tensor>> {
  let state = seed >>> 0;
  // xorshift32: Marsaglia, Xorshift RNGs, 2003.
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  for (let i = 0; i < samples; i++) {
    const feeds: [name: string, feed: Tensor][] = [];
    for (const { name, elementType, shape } of graph.inputs) {
      const dims = (shape ?? []).map((extent) => (typeof extent === 'number' ? extent : 1));
      const dtype = elementType as Tensor['dtype'];
      const tensor = zeros(dtype, dims);
      const { data } = tensor;
      for (let j = 0; j < sizeOf(dims); j++) {
        if (data instanceof BigInt64Array) data[j] = 0n;
        else data[j] = dtype === 'float32' ? 2 * next() - 1 : Math.floor(next() * 2);
      }
      feeds.push([name, tensor]);
    }
    yield Object.fromEntries(feeds);
  }
}
