import { HalftoneError } from '../errors.ts';
import { log } from './elementary.ts';

/**
 * How badly `q` stands for the distribution `p`, in nats: `sum p_i ln(p_i / q_i)`. Not symmetric in its arguments.
 * Where p_i is 0 nothing is added; where only q_i is 0 the result is Infinity: smooth first where that is unwanted.
 * Both are taken as they are; distributions sum to 1. Sums in f64, in order; 0 for empty arrays.
 * Throws HT_SHAPE_MISMATCH where lengths differ, HT_INVALID_ARGUMENT for an element that is negative or not finite.
 * Kullback and Leibler 1951.
 */
export function klDivergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  if (p.length !== q.length) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `distributions of ${p.length} and ${q.length} bins cannot be compared; bin both alike`,
      { lengths: [p.length, q.length] },
    );
  }
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const [a, b] = [p[i] as number, q[i] as number];
    if (!(a >= 0 && b >= 0 && a < Infinity && b < Infinity)) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `bin ${i} has the masses ${a} and ${b}: finite numbers of 0 or more are needed`,
        { index: i },
      );
    }
    if (a > 0) sum += b > 0 ? a * logRatio(a, b) : Infinity;
  }
  return sum;
}

function logRatio(a: number, b: number): number {
  const ratio = a / b;
  // Of masses far apart the quotient leaves f64, its logarithm does not.
  return ratio > 0 && ratio < Infinity ? log(ratio) : log(a) - log(b);
}
