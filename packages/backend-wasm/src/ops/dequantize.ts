// y = fround(fround(x - zeroPoint) * scale); int32 has no zero point
import type { DequantizeSpec, DeviceOp } from '@halftone/core';
import type { Machine } from '../kernels.ts';
import { DEQUANTIZE } from '../kinds.ts';
import { elementsKernel, isByte } from './shared.ts';

export function dequantize(machine: Machine): DeviceOp<number, DequantizeSpec> {
  return {
    supports: ({ from, block }) => {
      if (!isByte(from) && from !== 'int32')
        return { reason: `codes are int8, uint8 and int32, not ${from}` };
      return block === undefined || { reason: 'parameters of blocks are not supported' };
    },
    prepare: ({ shape, axis, from: codes }) =>
      elementsKernel(machine, 'dequantize', DEQUANTIZE, { shape, axis, codes }, [
        'x',
        'y',
        'scale',
        'zeroPoint',
      ]),
  };
}
