import type { NumericClass, Tensor } from '@halftone/core';

/** How results differ from what they should be. */
export interface Mismatch {
  readonly output: string;
  /** Index of the first element that is wrong, and where that is in the shape. */
  readonly index: number;
  readonly place: readonly number[];
  readonly expected: number;
  readonly got: number;
  /** How many elements are wrong, of how many. */
  readonly wrong: number;
  readonly count: number;
  /** How often each difference (got - expected) comes, the commonest first: at most eight. */
  readonly differences: readonly (readonly [difference: number, times: number])[];
  /** Indices of wrong elements, the first 256: what `looksLike` reads. */
  readonly indices: readonly number[];
  readonly shape: readonly number[];
}

/** Elements of relaxed codes that may be a step away: one in a thousand, and one of fewer. */
const RELAXED_SHARE = 0.001;
/** How far relaxed floats may be, as a part of the largest expected magnitude. */
const RELAXED_ERROR = 1 / 65536;

/**
 * What is wrong with `got`; undefined where nothing is. Exact and f32-ieee results are equal to the bit, NaN to NaN.
 * Relaxed codes are at most one step away, one in a thousand; relaxed floats within 2^-16 of the largest magnitude, or each
 * within its `tolerance` where the op has a bound of its own.
 */
export function compare(
  output: string,
  expected: Tensor,
  got: Tensor,
  numericClass: NumericClass,
  tolerance?: Float64Array,
): Mismatch | undefined {
  const isFloat = expected.dtype === 'float32';
  const relaxed = numericClass === 'f32-relaxed';
  const common = relaxed ? (isFloat ? RELAXED_ERROR * largest(expected) : 1) : 0;
  const different: number[] = [];
  const far: number[] = [];
  for (let i = 0; i < expected.data.length; i++) {
    // As numbers two int64 may be equal and differ.
    if (Object.is(expected.data[i], got.data[i])) continue;
    different.push(i);
    const distance = Math.abs(Number(expected.data[i]) - Number(got.data[i]));
    const bound = tolerance?.[i] ?? common;
    if (!(distance <= bound) || bound === 0) far.push(i);
  }
  const allowed = isFloat ? Infinity : Math.max(1, RELAXED_SHARE * expected.data.length);
  if (far.length > 0) return describe(output, expected, got, far);
  return different.length > (relaxed ? allowed : 0) ? describe(output, expected, got, different) : undefined;
}

function describe(output: string, expected: Tensor, got: Tensor, wrong: readonly number[]): Mismatch {
  const index = wrong[0]!;
  const counts = new Map<number, number>();
  for (const i of wrong) {
    const difference = Number(got.data[i]) - Number(expected.data[i]);
    counts.set(difference, (counts.get(difference) ?? 0) + 1);
  }
  return {
    output,
    index,
    place: placeOf(index, expected.shape),
    expected: Number(expected.data[index]),
    got: Number(got.data[index]),
    wrong: wrong.length,
    count: expected.data.length,
    differences: [...counts].sort((a, b) => b[1] - a[1]).slice(0, 8),
    indices: wrong.slice(0, 256),
    shape: expected.shape,
  };
}

/** Index of each axis of the `index`-th element. */
export function placeOf(index: number, shape: readonly number[]): number[] {
  const place: number[] = [];
  for (let axis = shape.length - 1, rest = index; axis >= 0; axis--) {
    place.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return place;
}

function largest({ data }: Tensor): number {
  let most = 0;
  for (const value of data as Float32Array) {
    const size = Math.abs(value);
    if (size > most && size < Infinity) most = size;
  }
  return most;
}
