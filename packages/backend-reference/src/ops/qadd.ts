// t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)); y = saturate(roundHalfEven(t)); factors are ra, rb, c0
import { codeRange, type HostIO, type HostOpObject, type QAddSpec } from '@halftone/core';
import { forEachBroadcastRow } from './shared/broadcast.ts';
import { codes, floats } from './shared/operands.ts';
import { nearest } from './shared/requantizers.ts';

const { fround } = Math;

function run(spec: QAddSpec, io: HostIO): void {
  const a = codes(io, 'a');
  const b = codes(io, 'b');
  const y = codes(io, 'y');
  const [ra, rb, c0] = floats(io, 'factors') as unknown as [number, number, number];
  const [lo, hi] = spec.clamp ?? codeRange(spec.dtype);
  forEachBroadcastRow('qadd', spec.aShape, spec.bShape, (aAt, aStep, bAt, bStep, yAt, length) => {
    for (let i = 0; i < length; i++) {
      const t = fround(fround(c0 + fround(a[aAt + i * aStep]! * ra)) + fround(b[bAt + i * bStep]! * rb));
      y[yAt + i] = nearest(t < lo ? lo : t > hi ? hi : t);
    }
  });
}

/** Sum of two quantized tensors. */
export const qadd: HostOpObject<QAddSpec> = {
  run,
  supports: (spec) => spec.mode === 'ort-x86' || { reason: `no addition mode ${String(spec.mode)}` },
};
