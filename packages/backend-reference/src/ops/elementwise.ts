// binary: y = clamp(fround(a ∘ b)); unary: y = fround(f(x)); softmax: y = fround(exp(x - max) / sum), in f64 before
import {
  type BinarySpec,
  exp,
  type HostIO,
  sigmoid,
  type SoftmaxSpec,
  tanh,
  type UnarySpec,
} from '@halftone/core';
import { forEachBroadcastRow } from './shared/broadcast.ts';
import { clampFloat } from './shared/float-epilogue.ts';
import { floats } from './shared/operands.ts';

/** Arithmetic of two broadcast float tensors. */
export function binary(spec: BinarySpec, io: HostIO): void {
  const a = floats(io, 'a');
  const b = floats(io, 'b');
  const y = floats(io, 'y');
  const { clamp } = spec;
  forEachBroadcastRow(spec.function, spec.aShape, spec.bShape, (aAt, aStep, bAt, bStep, yAt, length) => {
    for (let i = 0; i < length; i++) {
      const exact = combine(spec.function, a[aAt + i * aStep]!, b[bAt + i * bStep]!);
      y[yAt + i] = clampFloat(Math.fround(exact), clamp);
    }
  });
}

function combine(name: BinarySpec['function'], a: number, b: number): number {
  switch (name) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
  }
}

/** A float function of each element. */
export function unary(spec: UnarySpec, io: HostIO): void {
  const x = floats(io, 'x');
  const y = floats(io, 'y');
  if (spec.function === 'clamp') {
    for (let i = 0; i < x.length; i++) y[i] = clampFloat(x[i]!, spec.clamp);
    return;
  }
  const apply = spec.function === 'tanh' ? tanh : sigmoid;
  for (let i = 0; i < x.length; i++) y[i] = apply(x[i]!);
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
      for (let e = 0; e < extent; e++) y[at + e * inner] = terms[e]! / sum;
    }
  }
}
