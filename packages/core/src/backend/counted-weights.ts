import type { PackedWeights } from './contract.ts';

/** Packed weights that the counters of their backend know. */
export class CountedWeights implements PackedWeights {
  readonly weights: PackedWeights;
  readonly #counts: { packedBytes: number };
  #disposed = false;

  constructor(weights: PackedWeights, counts: { packedBytes: number }) {
    this.weights = weights;
    this.#counts = counts;
    counts.packedBytes += weights.byteLength;
  }

  get layout(): string {
    return this.weights.layout;
  }

  get byteLength(): number {
    return this.weights.byteLength;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#counts.packedBytes -= this.byteLength;
    this.weights.dispose();
  }
}
