// y[i, j] = k - 2 * popcount(a[i] xor b[j]): the dot product of two rows of signs, a bit each, 1 for -1
import type { BgemmSpec, DeviceOp } from '@halftone/core';
import { Call, CallKernel, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { BINARY_GEMM, PACK_SIGNS } from '../kinds.ts';
import { packed, roomOf } from './shared.ts';

const LAYOUT = 'fours of rows of 128 signs';
/** Products of signs, so many to a part at least. */
const LEAST_SIGNS = 4000000;

/** Products of signs. */
export function bgemm(machine: Machine): DeviceOp<number, BgemmSpec> {
  const { kernels } = machine;
  const packing = ({ n, k }: BgemmSpec, to: number): Call =>
    new Call(machine, PACK_SIGNS, 1, ['b', to, n, k]);
  return {
    pack: (spec, weights) =>
      packed(machine, LAYOUT, kernels.packedSignBytes(spec.n, spec.k), weights, (to) => packing(spec, to)),
    prepare(spec, weights) {
      const { m, n, k } = spec;
      const given = roomOf('bgemm', weights);
      const parts = partsOf(machine, m * n * k, LEAST_SIGNS);
      return new CallKernel(machine, 'bgemm_1x4_simd', (hold) => {
        // Rows that come with each run are packed anew.
        const rows = given ?? hold(new Room(machine, LAYOUT, kernels.packedSignBytes(n, k)));
        const scratch = hold(new Room(machine, 'scratch', parts * kernels.signScratchBytes(m, k)));
        const fields = ['a', rows.address, 'y', scratch.address, m, n, k];
        const product = hold(new Call(machine, BINARY_GEMM, parts, fields));
        return given ? [product] : [hold(packing(spec, rows.address)), product];
      });
    },
  };
}
