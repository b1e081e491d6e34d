// acc[i, j] = sum over k of (a[i, k] - aZeroPoint) * (b[k, j] - bZeroPoint[j])   modulo 2^32, and its way out
import type { DeviceOp, QGemmSpec } from '@halftone/core';
import { Call, CallKernel, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { DOTS, GEMM, PACK } from '../kinds.ts';
import { LEAST_PRODUCTS, packed, productFields, roomOf } from './shared.ts';

const LAYOUT = 'panels of 8 columns';

/** With so many rows of A at most it does not pay to pack rows of B that come with each run. */
const FEW = 4;

export function qgemm(machine: Machine): DeviceOp<number, QGemmSpec> {
  const { kernels, build } = machine;
  const bytesOf = ({ batch, n, k }: QGemmSpec): number => batch * kernels.packedBytes(k, n);
  const packing = ({ batch, n, k, transposeB, b, bZeroPoint }: QGemmSpec, to: number): Call => {
    const each = Number(bZeroPoint === 'per-channel');
    const fields = ['b', 'bZeroPoint', to, batch, k, n, Number(transposeB), Number(b === 'int8'), each, 0];
    return new Call(machine, PACK, 1, fields);
  };
  return {
    supports: ({ output }) =>
      output.type !== 'codes' ||
      output.mode === 'ort-f32' || { reason: `mode ${output.mode} is not supported` },
    pack: (spec, weights) => packed(machine, LAYOUT, bytesOf(spec), weights, (to) => packing(spec, to)),
    prepare(spec, weights) {
      const { batch, m, n, k, a } = spec;
      const given = roomOf('qgemm', weights);
      const parts = partsOf(machine, m * n * k, LEAST_PRODUCTS);
      if (given === undefined && spec.transposeB && m <= FEW) return dotsKernel(machine, spec, parts);
      return new CallKernel(machine, `qgemm_6x8_${build}`, (hold) => {
        // Weights that come with each run are packed anew.
        const panels = given ?? hold(new Room(machine, LAYOUT, bytesOf(spec)));
        const scratch = hold(new Room(machine, 'scratch', parts * kernels.scratchBytes(k, n)));
        const fields = [
          'a',
          'aZeroPoint',
          panels.address,
          scratch.address,
          batch,
          m,
          n,
          k,
          Number(a === 'int8'),
        ];
        const gemm = hold(new Call(machine, GEMM, parts, [...productFields(spec), ...fields]));
        return given ? [gemm] : [hold(packing(spec, panels.address)), gemm];
      });
    },
  };
}

function dotsKernel(machine: Machine, spec: QGemmSpec, parts: number): CallKernel {
  const { batch, m, n, k, a, b, bZeroPoint } = spec;
  return new CallKernel(machine, 'qgemm_dots_simd', (hold) => {
    const scratch = hold(new Room(machine, 'scratch', parts * machine.kernels.dotsScratchBytes(k)));
    const numbers = [
      batch,
      m,
      n,
      k,
      Number(a === 'int8'),
      Number(b === 'int8'),
      Number(bZeroPoint === 'per-channel'),
    ];
    const operands = ['a', 'aZeroPoint', 'b', 'bZeroPoint', scratch.address];
    return [hold(new Call(machine, DOTS, parts, [...productFields(spec), ...operands, ...numbers]))];
  });
}
