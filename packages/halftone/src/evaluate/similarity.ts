import { log } from '@halftone/core';

/** Cosine and signal-to-noise ratio of one stream of values against another, without keeping either. */
export class Similarity {
  count = 0;
  maxAbsError = 0;
  #dot = 0;
  #signal = 0;
  #other = 0;
  #noise = 0;

  add(signal: ArrayLike<number>, other: ArrayLike<number>): void {
    for (let i = 0; i < signal.length; i++) {
      const a = signal[i]!;
      const b = other[i]!;
      this.#dot += a * b;
      this.#signal += a * a;
      this.#other += b * b;
      this.#noise += (a - b) * (a - b);
      this.maxAbsError = Math.max(this.maxAbsError, Math.abs(a - b));
    }
    this.count += signal.length;
  }

  /** 1 for equal directions; 1 where both are zero, 0 where one is. */
  get cosine(): number {
    if (this.#signal === 0 || this.#other === 0) return this.#signal === this.#other ? 1 : 0;
    return this.#dot / Math.sqrt(this.#signal * this.#other);
  }

  /** In decibels; Infinity where nothing differs. */
  get sqnrDb(): number {
    if (this.#noise === 0) return Infinity;
    return (10 * log(this.#signal / this.#noise)) / Math.LN10;
  }
}
