// y = clamp(fround(a ∘ b)) in float32; integers wrap, their quotients are cut off, and by 0 they are 0
import type { HostIO } from '../backend/contract.ts';
import type { HostOp } from '../backend/host-backend.ts';
import { pow } from '../numerics/functions.ts';
import type { BinaryFunction, BinarySpec } from '../ops/binary.ts';
import { forEachBroadcastRow } from './broadcast-rows.ts';

type Numbers = Record<BinaryFunction, (a: number, b: number) => number>;

const reals: Numbers = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow,
  prelu: (a, b) => (a < 0 ? a * b : a),
  min: Math.min,
  max: Math.max,
};

// Sums, products and quotients of 32 bits are exact in f64 or imul; stores wrap.
const integers: Numbers = {
  ...reals,
  mul: Math.imul,
  div: (a, b) => (b === 0 ? 0 : Math.trunc(a / b)),
  pow: (a, b) => Number(BigInt.asIntN(32, wrappedPower(BigInt(a), BigInt(b)))),
};

const bigs: Record<BinaryFunction, (a: bigint, b: bigint) => bigint> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  pow: wrappedPower,
  prelu: (a, b) => (a < 0n ? a * b : a),
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a > b ? a : b),
};

/** a^b modulo 2^64; a quotient, cut off, for a negative b. */
function wrappedPower(a: bigint, b: bigint): bigint {
  if (b < 0n) return a === 1n || (a === -1n && b % 2n === 0n) ? 1n : a === -1n ? -1n : 0n;
  let result = 1n;
  for (let base = a, rest = b; rest > 0n; rest >>= 1n) {
    if (rest % 2n === 1n) result = BigInt.asIntN(64, result * base);
    base = BigInt.asIntN(64, base * base);
  }
  return result;
}

/** Arithmetic of two broadcast tensors of one type. */
export const binary: HostOp<BinarySpec> = (spec, io) => {
  if (spec.dtype === 'int64') {
    const apply = bigs[spec.function];
    return fill(spec, io, apply as never);
  }
  if (spec.dtype !== undefined && spec.dtype !== 'float32') return fill(spec, io, integers[spec.function]);
  const apply = reals[spec.function];
  const { fround } = Math;
  if (spec.clamp === undefined) return fill(spec, io, apply);
  const [lo, hi] = spec.clamp;
  fill(spec, io, (a, b) => {
    const t = fround(apply(a, b));
    return t < lo ? lo : t > hi ? hi : t;
  });
};

function fill(spec: BinarySpec, io: HostIO, apply: (a: number, b: number) => number): void {
  const a = io['a']!.data as Float32Array;
  const b = io['b']!.data as Float32Array;
  const y = io['y']!.data as Float32Array;
  forEachBroadcastRow(spec.function, spec.aShape, spec.bShape, (aAt, aStep, bAt, bStep, yAt, length) => {
    for (let i = 0; i < length; i++) y[yAt + i] = apply(a[aAt + i * aStep]!, b[bAt + i * bStep]!);
  });
}
