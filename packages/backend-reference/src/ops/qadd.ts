// The three formulas of core's op: ort-x86 and decomposed in float32, fixed modes in integers.
import { ADD_SHIFT, type FixedMode, fixedMultiply, type HostIO, type QAddSpec } from '@halftone/core';
import { floats, ints } from './shared/operands.ts';
import { forEachPair, type Pair } from './shared/qbinary.ts';
import { nearest } from './shared/requantizers.ts';

const { fround } = Math;

/** Sum of two quantized tensors. */
export function qadd(spec: QAddSpec, io: HostIO): void {
  const { mode } = spec;
  if (mode === 'ort-x86') forEachPair(spec, io, folded(floats(io, 'factors')));
  else if (mode === 'decomposed') forEachPair(spec, io, decomposed(floats(io, 'factors')));
  else forEachPair(spec, io, fixed(mode, ints(io, 'factors')));
}

function folded(factors: Float32Array): Pair {
  const [ra, rb, c0] = factors as unknown as [number, number, number];
  return (a, b) => nearest(fround(fround(c0 + fround(a * ra)) + fround(b * rb)));
}

function decomposed(factors: Float32Array): Pair {
  const [sa, za, sb, zb, sy, zy] = factors as unknown as [number, number, number, number, number, number];
  return (a, b) => nearest(fround(fround(fround((a - za) * sa) + fround((b - zb) * sb)) / sy)) + zy;
}

function fixed(mode: FixedMode, factors: Int32Array): Pair {
  const [za, zb, zy, ma, na, mb, nb, my, ny] = Array.from(factors) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const multiply = fixedMultiply[mode];
  const left = 1 << ADD_SHIFT;
  return (a, b) =>
    multiply(multiply((a - za) * left, ma, na) + multiply((b - zb) * left, mb, nb), my, ny) + zy;
}
