// y[i, j] = sum over k of a[i, k] * (code[k, j] - zeroPoint[t, j]) * scale[t, j] + bias[j], t = floor(k / block)
import type { BlockGemmSpec, DeviceOp } from '@halftone/core';
import { Call, CallKernel, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { BLOCK_GEMM, BLOCK_PACK } from '../kinds.ts';
import { LEAST_PRODUCTS, packed, roomOf } from './shared.ts';

const LAYOUT = 'blocks in panels of 8 columns';

export function blockGemm(machine: Machine): DeviceOp<number, BlockGemmSpec> {
  const { kernels, build } = machine;
  const bytesOf = (spec: BlockGemmSpec): number =>
    kernels.blockPackedBytes(spec.n, spec.k, spec.block, bitsOf(spec));
  const packing = (spec: BlockGemmSpec, to: number): Call => {
    const { n, k, block, layout, b } = spec;
    const signed = Number(b === 'int4' || b === 'int8');
    const numbers = [n, k, block, bitsOf(spec), Number(layout === 'rows'), signed];
    return new Call(machine, BLOCK_PACK, 1, ['b', 'scale', 'zeroPoint', to, ...numbers]);
  };
  return {
    pack: (spec, weights) => packed(machine, LAYOUT, bytesOf(spec), weights, (to) => packing(spec, to)),
    prepare(spec, weights) {
      const { m, n, k, block, computation } = spec;
      const given = roomOf('blockGemm', weights);
      const parts = partsOf(machine, m * n * k, LEAST_PRODUCTS);
      const floats = Number(computation !== 'int8-block');
      return new CallKernel(machine, `blockgemm_${floats ? 'f32' : 'int8'}_4x8_${build}`, (hold) => {
        // Weights that come with each run are packed anew.
        const records = given ?? hold(new Room(machine, LAYOUT, bytesOf(spec)));
        const scratch = hold(
          new Room(machine, 'scratch', parts * kernels.blockScratchBytes(m, k, block, floats)),
        );
        const numbers = [scratch.address, m, n, k, block, bitsOf(spec), floats];
        const fields = ['a', records.address, 'bias', 'y', ...numbers];
        const product = hold(new Call(machine, BLOCK_GEMM, parts, fields));
        return given ? [product] : [hold(packing(spec, records.address)), product];
      });
    },
  };
}

function bitsOf({ b }: BlockGemmSpec): 4 | 8 {
  return b === 'int4' || b === 'uint4' ? 4 : 8;
}
