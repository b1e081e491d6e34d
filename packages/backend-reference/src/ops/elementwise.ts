// binary: y = clamp(fround(a ∘ b)); unary: y = fround(f(x)); softmax: y = fround(exp(x - max) / sum), in f64 before
// cast: to the nearest float32, or truncated and saturated to int32 (NaN: 0); transpose and concat move elements
import {
  type BinarySpec,
  type CastSpec,
  type ConcatSpec,
  exp,
  type HostIO,
  sigmoid,
  type SoftmaxSpec,
  tanh,
  transposeInto,
  type TransposeSpec,
  type UnarySpec,
} from '@halftone/core';
import { forEachBroadcastRow } from './shared/broadcast.ts';
import { clampFloat } from './shared/float-epilogue.ts';
import { floats, ints, movable } from './shared/operands.ts';

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

/** Elements as another type. */
export function cast(spec: CastSpec, io: HostIO): void {
  const x = io['x']!.data as Float32Array;
  if (spec.to === 'float32') {
    floats(io, 'y').set(x);
    return;
  }
  const y = ints(io, 'y');
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    // `| 0` truncates what int32 holds; past its ends it would wrap.
    y[i] = v >= 2147483647 ? 2147483647 : v <= -2147483648 ? -2147483648 : v | 0;
  }
}

/** Elements with their axes permuted. */
export function transpose(spec: TransposeSpec, io: HostIO): void {
  const [x, y] = [movable(io, 'x'), movable(io, 'y')] as unknown as [Float32Array, Float32Array];
  transposeInto(x, spec.shape, spec.perm, y);
}

/** Operands one after the other along an axis. */
export function concat(spec: ConcatSpec, io: HostIO): void {
  const y = movable(io, 'y');
  for (let o = 0, at = 0; o < spec.outer; o++) {
    for (let i = 0; i < spec.extents.length; i++) {
      const extent = spec.extents[i]!;
      y.set(movable(io, `x${i}`).subarray(o * extent, (o + 1) * extent), at);
      at += extent;
    }
  }
}
