// How good the answers of a classifier are, against labels.
import { exp, log } from '@halftone/core';

/** Index of the largest element; the first of equal ones, -1 without elements. */
export function argmax(values: ArrayLike<number>): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (best < 0 || values[i]! > values[best]!) best = i;
  return best;
}

/** Correct answers and cross-entropy of one model over a labelled set. */
export class Classification {
  samples = 0;
  top1Count = 0;
  top5Count = 0;
  #crossEntropy = 0;

  /** Adds one sample; `logits` before softmax. Tells whether the answer was right. */
  add(logits: ArrayLike<number>, label: number): boolean {
    const own = logits[label]!;
    let above = 0;
    for (let i = 0; i < logits.length; i++)
      if (logits[i]! > own || (logits[i]! === own && i < label)) above++;
    this.samples++;
    if (above === 0) this.top1Count++;
    if (above < 5) this.top5Count++;
    this.#crossEntropy += crossEntropy(logits, label);
    return above === 0;
  }

  /** Shares of 1; mean cross-entropy in nats. */
  summary(): { top1: number; top1Count: number; top5: number; top5Count: number; crossEntropy: number } {
    return {
      top1: this.top1Count / this.samples,
      top1Count: this.top1Count,
      top5: this.top5Count / this.samples,
      top5Count: this.top5Count,
      crossEntropy: this.#crossEntropy / this.samples,
    };
  }
}

/** -log softmax(logits)[label], in nats. */
export function crossEntropy(logits: ArrayLike<number>, label: number): number {
  let max = -Infinity;
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += exp(logits[i]! - max);
  return log(sum) + max - logits[label]!;
}

/** How much top-1 changed from one model to another on the same samples. */
export interface PairedDifference {
  /** In points (hundredths of the samples); negative: the second model is worse. */
  readonly points: number;
  /** 95 % interval, in points. */
  readonly interval: readonly [low: number, high: number];
  /** Samples that only the first, and only the second, got right. */
  readonly lost: number;
  readonly gained: number;
}

/**
 * Interval of a paired difference of proportions: Wald's with half a sample added to each of the four cells.
 * Agresti and Min, Simple improved confidence intervals for comparing matched proportions, Statistics in Medicine 2005.
 */
export function pairedDifference(samples: number, lost: number, gained: number): PairedDifference {
  const n = samples + 2;
  const difference = (gained - lost) / n;
  const error = Math.sqrt(lost + gained + 1 - (gained - lost) * difference) / n;
  return {
    points: (100 * (gained - lost)) / samples,
    interval: [100 * (difference - 1.96 * error), 100 * (difference + 1.96 * error)],
    lost,
    gained,
  };
}
