import { HalftoneError } from '../errors.ts';
import { log } from './elementary.ts';

const DECIBELS_PER_NEPER = 4.342944819032518;

/**
 * Signal to quantization noise in decibels, `10 log10(sum reference^2 / sum (reference - estimate)^2)`.
 * Infinity where the arrays are equal (all-zero and empty ones included), -Infinity where only the reference is zero,
 * NaN where an element is NaN. Sums in f64, in order. Throws HT_SHAPE_MISMATCH where lengths differ.
 */
export function sqnrDb(reference: ArrayLike<number>, estimate: ArrayLike<number>): number {
  const noise = squaredError(reference, estimate);
  if (noise === 0) return Infinity;
  return DECIBELS_PER_NEPER * log(dot(reference, reference) / noise);
}

/**
 * Cosine of the angle between two arrays, in [-1, 1]: 1 where both are all-zero or empty, 0 where only one is,
 * NaN where an element is NaN or infinite. Throws HT_SHAPE_MISMATCH where lengths differ.
 */
export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  sameLength(a, b);
  const [aa, bb] = [dot(a, a), dot(b, b)];
  if (aa === 0 && bb === 0) return 1;
  if (aa === 0 || bb === 0) return aa + bb < Infinity ? 0 : NaN;
  return Math.min(Math.max(dot(a, b) / (Math.sqrt(aa) * Math.sqrt(bb)), -1), 1);
}

/**
 * Mean of the squared differences; 0 for empty arrays, NaN where an element is NaN. Equal infinities differ by 0.
 * Throws HT_SHAPE_MISMATCH where lengths differ.
 */
export function mse(reference: ArrayLike<number>, estimate: ArrayLike<number>): number {
  const sum = squaredError(reference, estimate);
  return reference.length === 0 ? 0 : sum / reference.length;
}

/**
 * Largest absolute difference; 0 for empty arrays, NaN where an element is NaN. Equal infinities differ by 0.
 * Throws HT_SHAPE_MISMATCH where lengths differ.
 */
export function maxAbsError(reference: ArrayLike<number>, estimate: ArrayLike<number>): number {
  sameLength(reference, estimate);
  let max = 0;
  for (let i = 0; i < reference.length; i++) {
    max = Math.max(max, Math.abs(difference(reference[i] as number, estimate[i] as number)));
  }
  return max;
}

function squaredError(reference: ArrayLike<number>, estimate: ArrayLike<number>): number {
  sameLength(reference, estimate);
  let sum = 0;
  for (let i = 0; i < reference.length; i++) {
    const d = difference(reference[i] as number, estimate[i] as number);
    sum += d * d;
  }
  return sum;
}

function difference(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function sameLength(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length === b.length) return;
  const message = `arrays of ${a.length} and ${b.length} elements cannot be compared; pass two of one length`;
  throw new HalftoneError('HT_SHAPE_MISMATCH', message, { lengths: [a.length, b.length] });
}
