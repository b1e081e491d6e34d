// qadd: t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)). qmul: t = fround(fround((a - za) * (b - zb) * m) + zy).
// y = saturate(roundHalfEven(t)); shapes broadcast as ONNX's do.
import { broadcastRuns, type PreparedHostOp, type QAddSpec, type QMulSpec } from '@halftone/core';
import type { Engine } from '../native.ts';
import { codes, floats, limits } from './shared.ts';

export function qadd(engine: Engine): PreparedHostOp<QAddSpec> {
  return pairwise(engine, 'qadd', false);
}

export function qmul(engine: Engine): PreparedHostOp<QMulSpec> {
  return pairwise(engine, 'qmul', true);
}

function pairwise(engine: Engine, name: string, multiply: boolean): PreparedHostOp<QAddSpec | QMulSpec> {
  return {
    supports(spec) {
      if (spec.mode !== 'ort-x86') return { reason: `mode ${spec.mode} is not supported` };
      const runs = broadcastRuns(spec.aShape, spec.bShape);
      return runs !== undefined || { reason: 'the broadcast is too scattered' };
    },
    prepare({ aShape, bShape, dtype, clamp }) {
      const runs = broadcastRuns(aShape, bShape)!;
      const [lo, hi] = limits(dtype, clamp);
      return {
        variant: `${name}_${engine.isa}`,
        run: (io) =>
          engine.pairwise(
            multiply,
            codes(io, 'a'),
            codes(io, 'b'),
            codes(io, 'y'),
            floats(io, 'factors'),
            dtype === 'int8',
            lo,
            hi,
            runs,
          ),
      };
    },
  };
}
