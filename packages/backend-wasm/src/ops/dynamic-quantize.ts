// scale = fround((max - min) / 255), zeroPoint = code of 0 - min / scale, of a range that holds 0. Numerics 4.2.
import type { DeviceOp, DynamicQuantizeSpec } from '@halftone/core';
import { Call, CallKernel } from '../call.ts';
import type { Machine } from '../kernels.ts';
import { DYNAMIC_QUANTIZE } from '../kinds.ts';
import { channelsOf, typeNumbers } from './shared.ts';

export function dynamicQuantize(machine: Machine): DeviceOp<number, DynamicQuantizeSpec> {
  return {
    prepare({ shape }) {
      const fields = [
        'x',
        'y',
        'scale',
        'zeroPoint',
        ...channelsOf(shape, undefined),
        typeNumbers['uint8']!,
        0,
        255,
      ];
      return new CallKernel(machine, 'dynamicQuantize', (hold) => [
        hold(new Call(machine, DYNAMIC_QUANTIZE, 1, fields)),
      ]);
    },
  };
}
