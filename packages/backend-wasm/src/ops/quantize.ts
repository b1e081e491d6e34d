// y = saturate(roundHalfEven(fround(x / scale)) + zeroPoint)
import type { DeviceOp, QuantizeSpec } from '@halftone/core';
import type { Machine } from '../kernels.ts';
import { QUANTIZE } from '../kinds.ts';
import { elementsKernel, isByte } from './shared.ts';

export function quantize(machine: Machine): DeviceOp<number, QuantizeSpec> {
  return {
    supports: ({ to, block }) => {
      if (!isByte(to)) return { reason: `codes are int8 and uint8, not ${to}` };
      return block === undefined || { reason: 'parameters of blocks are not supported' };
    },
    prepare: ({ shape, axis, to: codes }) =>
      elementsKernel(machine, 'quantize', QUANTIZE, { shape, axis, codes }, ['x', 'y', 'scale', 'zeroPoint']),
  };
}
