// unary: y = fround(f(x)); softmax: y = fround(exp(x - max) / sum), in f64 before
import { exp, type HostIO, log, type SoftmaxSpec, unaryFunctions, type UnarySpec } from '@halftone/core';
import { clampFloat } from './shared/float-epilogue.ts';
import { floats } from './shared/operands.ts';

/** A float function of each element. */
export function unary(spec: UnarySpec, io: HostIO): void {
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  if (spec.function === 'clamp') {
    for (let i = 0; i < x.length; i++) y[i] = clampFloat(x[i]!, spec.clamp);
    return;
  }
  const apply = unaryFunctions[spec.function];
  const { alpha = 0, beta = 0 } = spec;
  for (let i = 0; i < x.length; i++) y[i] = apply(x[i]!, alpha, beta);
}

/** Shares of a whole along the middle of [outer, extent, inner]. */
export function softmax(spec: SoftmaxSpec, io: HostIO): void {
  const { outer, extent, inner } = spec;
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  const terms = new Float64Array(extent);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = o * extent * inner + i;
      let max = -Infinity;
      for (let e = 0; e < extent; e++) max = Math.max(max, x[at + e * inner]!);
      let sum = 0;
      for (let e = 0; e < extent; e++) sum += terms[e] = exp(x[at + e * inner]! - max);
      const less = max + log(sum);
      for (let e = 0; e < extent; e++)
        y[at + e * inner] = spec.logarithm ? x[at + e * inner]! - less : terms[e]! / sum;
    }
  }
}
