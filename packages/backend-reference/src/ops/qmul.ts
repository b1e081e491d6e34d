// The three formulas of core's op: ort-x86 and decomposed in float32, fixed modes in integers.
import { type FixedMode, fixedMultiply, type HostIO, type QMulSpec } from '@halftone/core';
import { floats, ints } from './shared/operands.ts';
import { forEachPair, type Pair } from './shared/qbinary.ts';
import { nearest } from './shared/requantizers.ts';

const { fround } = Math;

/** Product of two quantized tensors. */
export function qmul(spec: QMulSpec, io: HostIO): void {
  const { mode } = spec;
  if (mode === 'ort-x86') forEachPair(spec, io, folded(floats(io, 'factors')));
  else if (mode === 'decomposed') forEachPair(spec, io, decomposed(floats(io, 'factors')));
  else forEachPair(spec, io, fixed(mode, ints(io, 'factors')));
}

function folded(factors: Float32Array): Pair {
  const [za, zb, zy, m] = factors as unknown as [number, number, number, number];
  return (a, b) => nearest(fround(fround((a - za) * (b - zb) * m) + zy));
}

function decomposed(factors: Float32Array): Pair {
  const [sa, za, sb, zb, sy, zy] = factors as unknown as [number, number, number, number, number, number];
  return (a, b) => nearest(fround(fround(fround((a - za) * sa) * fround((b - zb) * sb)) / sy)) + zy;
}

function fixed(mode: FixedMode, factors: Int32Array): Pair {
  const [za, zb, zy, multiplier, shift] = factors as unknown as [number, number, number, number, number];
  const multiply = fixedMultiply[mode];
  return (a, b) => multiply((a - za) * (b - zb), multiplier, shift) + zy;
}
