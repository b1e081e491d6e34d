// qadd: t = fround(fround(c0 + fround(a * ra)) + fround(b * rb)). qmul: t = fround(fround((a - za) * (b - zb) * m) + zy).
// y = saturate(roundHalfEven(t)); shapes broadcast as ONNX's do.
import { broadcastRuns, type DeviceOp, type QAddSpec, type QMulSpec } from '@halftone/core';
import { Call, CallKernel, numbersIn } from '../call.ts';
import type { Machine } from '../kernels.ts';
import { ADD, MULTIPLY } from '../kinds.ts';
import { limits } from './shared.ts';

export function qadd(machine: Machine): DeviceOp<number, QAddSpec> {
  return pairwise(machine, 'qadd', ADD);
}

export function qmul(machine: Machine): DeviceOp<number, QMulSpec> {
  return pairwise(machine, 'qmul', MULTIPLY);
}

function pairwise(machine: Machine, name: string, kind: number): DeviceOp<number, QAddSpec | QMulSpec> {
  return {
    supports({ mode, aShape, bShape }) {
      if (mode !== 'ort-x86') return { reason: `mode ${mode} is not supported` };
      return broadcastRuns(aShape, bShape) !== undefined || { reason: 'the broadcast is too scattered' };
    },
    prepare({ aShape, bShape, dtype, clamp }) {
      const runs = broadcastRuns(aShape, bShape)!;
      return new CallKernel(machine, name, (hold) => {
        const table = hold(numbersIn(machine, 'runs', runs));
        const fields = ['a', 'b', 'y', 'factors', table.address, runs.length / 5];
        return [
          hold(new Call(machine, kind, 1, [...fields, ...limits(dtype, clamp), Number(dtype === 'int8')])),
        ];
      });
    },
  };
}
