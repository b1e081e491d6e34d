// t = fround(fround(x) * multiplier); y = roundHalfEven(min(max(t, lo - zeroPoint), hi - zeroPoint)) + zeroPoint
import type { DeviceOp, RequantizeSpec } from '@halftone/core';
import type { Machine } from '../kernels.ts';
import { REQUANTIZE } from '../kinds.ts';
import { elementsKernel, limits } from './shared.ts';

export function requantize(machine: Machine): DeviceOp<number, RequantizeSpec> {
  return {
    supports: ({ mode }) => mode === 'ort-f32' || { reason: `mode ${mode} is not supported` },
    prepare: ({ shape, axis, to: codes, clamp }) =>
      elementsKernel(
        machine,
        'requantize',
        REQUANTIZE,
        { shape, axis, codes },
        ['x', 'y', 'multiplier', 'zeroPoint'],
        limits(codes, clamp),
      ),
  };
}
