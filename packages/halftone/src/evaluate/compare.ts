import { HalftoneError, type Tensor } from '@halftone/core';
import type { FloatSession } from '@halftone/quantize';
import type { Sample } from '../data/dataset.ts';
import { argmax, Classification, type PairedDifference, pairedDifference } from './classification.ts';
import { CodeComparison } from './codes.ts';
import { Similarity } from './similarity.ts';

/** Something that runs a model: ONNX Runtime, or a session of ours. */
type Runnable = Pick<FloatSession, 'run'>;

export interface CompareOptions {
  readonly samples: AsyncIterable<Sample>;
  readonly outputs: readonly string[];
  readonly float: Runnable;
  readonly quantized: Runnable;
  /** The quantized model again, on a backend of ours. */
  readonly own?: Runnable | undefined;
  readonly outputSteps: ReadonlyMap<string, number>;
  readonly onProgress?: ((samples: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Accuracy of one model; present where the data have labels. Latency is the median of single samples, in ms. */
export interface ModelScore {
  readonly top1?: number;
  readonly top1Count?: number;
  readonly top5?: number;
  readonly top5Count?: number;
  readonly crossEntropy?: number;
  readonly latencyMs: number;
}

export interface Comparison {
  readonly samples: number;
  readonly labelled: number;
  readonly float: ModelScore;
  readonly quantized: ModelScore;
  readonly own?: ModelScore & {
    readonly bitEqual: number;
    readonly maxStep: number | null;
    readonly maxAbsError: number;
  };
  readonly difference?: PairedDifference;
  /** Share of samples in which both models give the same class. */
  readonly agreement: number;
  readonly cosine: number;
  readonly sqnrDb: number;
  readonly maxAbsError: number;
}

class Contestant {
  readonly classification = new Classification();
  readonly #runnable: Runnable;
  readonly #times: number[] = [];

  constructor(runnable: Runnable) {
    this.#runnable = runnable;
  }

  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const start = performance.now();
    const results = await this.#runnable.run(feeds);
    this.#times.push(performance.now() - start);
    return results;
  }

  score(): ModelScore {
    const latencyMs = median(this.#times);
    return this.classification.samples === 0
      ? { latencyMs }
      : { ...this.classification.summary(), latencyMs };
  }
}

/** Runs two models over the same samples, one at a time, and says how far the second is from the first. */
export async function compareModels(options: CompareOptions): Promise<Comparison> {
  const float = new Contestant(options.float);
  const quantized = new Contestant(options.quantized);
  const own = options.own && new Contestant(options.own);
  const codes = new CodeComparison();
  const similarity = new Similarity();
  const [answer] = options.outputs;
  if (answer === undefined)
    throw new HalftoneError('HT_DATA_INVALID', 'the models have no output to compare');
  let samples = 0;
  let agreed = 0;
  let lost = 0;
  let gained = 0;
  for await (const sample of options.samples) {
    options.signal?.throwIfAborted();
    const a = await float.run(sample.feeds);
    const b = await quantized.run(sample.feeds);
    for (const name of options.outputs) similarity.add(numbers(a, name), numbers(b, name));
    const [logitsA, logitsB] = [numbers(a, answer), numbers(b, answer)];
    if (argmax(logitsA) === argmax(logitsB)) agreed++;
    if (sample.label !== undefined) {
      checkLabel(sample, logitsA.length);
      const rightA = float.classification.add(logitsA, sample.label);
      const rightB = quantized.classification.add(logitsB, sample.label);
      if (rightA && !rightB) lost++;
      if (!rightA && rightB) gained++;
    }
    if (own) {
      const c = await own.run(sample.feeds);
      for (const name of options.outputs) codes.add(b[name]!, c[name]!, options.outputSteps.get(name));
      if (sample.label !== undefined) own.classification.add(numbers(c, answer), sample.label);
    }
    samples++;
    options.onProgress?.(samples);
  }
  if (samples === 0) throw new HalftoneError('HT_DATA_INVALID', 'the data hold no sample');
  const labelled = float.classification.samples;
  return {
    samples,
    labelled,
    float: float.score(),
    quantized: quantized.score(),
    ...(own
      ? {
          own: {
            ...own.score(),
            bitEqual: codes.share,
            maxStep: codes.maxStep ?? null,
            maxAbsError: codes.maxAbsError,
          },
        }
      : {}),
    ...(labelled > 0 ? { difference: pairedDifference(labelled, lost, gained) } : {}),
    agreement: agreed / samples,
    cosine: similarity.cosine,
    sqnrDb: similarity.sqnrDb,
    maxAbsError: similarity.maxAbsError,
  };
}

function numbers(results: Readonly<Record<string, Tensor>>, name: string): ArrayLike<number> {
  const result = Object.hasOwn(results, name) ? results[name] : undefined;
  if (result === undefined)
    throw new HalftoneError(
      'HT_DATA_INVALID',
      `a model has no output ${name}; compare two forms of one model`,
      { output: name },
    );
  return result.data instanceof BigInt64Array ? Array.from(result.data, Number) : result.data;
}

function checkLabel(sample: Sample, classes: number): void {
  if (sample.label! >= classes) {
    throw new HalftoneError(
      'HT_DATA_INVALID',
      `${sample.id}: label ${sample.label} is past the model's ${classes} classes; check --labels`,
      { sample: sample.id, label: sample.label },
    );
  }
}

/** Middle value; the mean of the two middle ones of an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
