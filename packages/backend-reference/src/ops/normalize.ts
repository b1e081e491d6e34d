// y = fround(d / sqrt(mean of d^2 + epsilon)), d = x - mean where the rows are centred
import type { HostIO, NormalizeSpec } from '@halftone/core';
import { floats } from './shared/operands.ts';

/** Rows of variance 1. */
export function normalize(spec: NormalizeSpec, io: HostIO): void {
  const { outer, extent } = spec;
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  const [means, inverses] = spec.statistics ? [floats(io, 'mean'), floats(io, 'inverse')] : [];
  for (let o = 0; o < outer; o++) {
    const [begin, end] = [o * extent, (o + 1) * extent];
    let mean = 0;
    if (spec.centred) {
      for (let i = begin; i < end; i++) mean += x[i]!;
      mean /= extent;
    }
    let squares = 0;
    for (let i = begin; i < end; i++) squares += (x[i]! - mean) * (x[i]! - mean);
    const deviation = Math.sqrt(squares / extent + spec.epsilon);
    for (let i = begin; i < end; i++) y[i] = (x[i]! - mean) / deviation;
    if (means) means[o] = mean;
    if (inverses) inverses[o] = 1 / deviation;
  }
}
