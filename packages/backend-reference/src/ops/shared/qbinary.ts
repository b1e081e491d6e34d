import { codeRange, forEachBroadcastRow, type HostIO, type QAddSpec } from '@halftone/core';
import { codes } from './operands.ts';

/** Two codes to one, before saturation. */
export type Pair = (a: number, b: number) => number;

/** Writes what `apply` gives for each pair of broadcast codes, saturated. */
export function forEachPair(spec: Omit<QAddSpec, 'mode'>, io: HostIO, apply: Pair): void {
  const a = codes(io, 'a');
  const b = codes(io, 'b');
  const y = codes(io, 'y');
  const [lo, hi] = spec.clamp ?? codeRange(spec.dtype);
  forEachBroadcastRow('codes', spec.aShape, spec.bShape, (aAt, aStep, bAt, bStep, yAt, length) => {
    for (let i = 0; i < length; i++) {
      const t = apply(a[aAt + i * aStep]!, b[bAt + i * bStep]!);
      y[yAt + i] = t < lo ? lo : t > hi ? hi : t;
    }
  });
}
