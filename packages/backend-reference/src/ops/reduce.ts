// Each reduction is a start, a step and an end, in f64; see core's op.
import { exp, type HostIO, log, type Reduction, type ReduceSpec, stridesOf } from '@halftone/core';
import { floats } from './shared/operands.ts';

interface Reducer {
  readonly start: number;
  readonly step: (sum: number, x: number) => number;
  readonly end?: (sum: number, count: number) => number;
}

const reducers: { readonly [R in Exclude<Reduction, 'logSumExp'>]: Reducer } = {
  l1: { start: 0, step: (sum, x) => sum + Math.abs(x) },
  l2: { start: 0, step: (sum, x) => sum + x * x, end: Math.sqrt },
  logSum: { start: 0, step: (sum, x) => sum + x, end: (sum) => log(sum) },
  max: { start: -Infinity, step: Math.max },
  mean: { start: 0, step: (sum, x) => sum + x, end: (sum, count) => sum / count },
  min: { start: Infinity, step: Math.min },
  prod: { start: 1, step: (product, x) => product * x },
  sum: { start: 0, step: (sum, x) => sum + x },
  sumSquare: { start: 0, step: (sum, x) => sum + x * x },
};

/** Reductions along axes. */
export function reduce(spec: ReduceSpec, io: HostIO): void {
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  const along = places(spec, (axis) => spec.axes.includes(axis));
  const starts = places(spec, (axis) => !spec.axes.includes(axis));
  const apply = spec.function === 'logSumExp' ? logSumExp : reducing(reducers[spec.function]);
  starts.forEach((start, i) => (y[i] = apply(x, start, along)));
}

type Apply = (x: Float32Array, start: number, along: readonly number[]) => number;

function reducing({ start: neutral, step, end }: Reducer): Apply {
  return (x, start, along) => {
    let sum = neutral;
    for (const offset of along) sum = step(sum, x[start + offset]!);
    return end ? end(sum, along.length) : sum;
  };
}

// The largest is taken out, so that no power overflows.
const logSumExp: Apply = (x, start, along) => {
  const max = reducing(reducers.max)(x, start, along);
  if (!Number.isFinite(max)) return max;
  let sum = 0;
  for (const offset of along) sum += exp(x[start + offset]! - max);
  return max + log(sum);
};

/** Offsets of all indices along some of the axes, in order of memory. */
function places({ shape }: ReduceSpec, taken: (axis: number) => boolean): number[] {
  const strides = stridesOf(shape);
  let found = [0];
  for (let axis = 0; axis < shape.length; axis++) {
    if (!taken(axis)) continue;
    const steps = Array.from({ length: shape[axis]! }, (_, i) => i * strides[axis]!);
    found = found.flatMap((at) => steps.map((step) => at + step));
  }
  return found;
}
