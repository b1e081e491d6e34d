// y[window, kh, kw, channel] = x of that place, zeroPoint outside
import { type DeviceOp, type Im2colSpec, sizeOf, windowOutput } from '@halftone/core';
import { Call, CallKernel } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { IM2COL } from '../kinds.ts';
import { LEAST_ELEMENTS, windowIn } from './shared.ts';

export function im2col(machine: Machine): DeviceOp<number, Im2colSpec> {
  return {
    prepare(spec) {
      const { n, kernel, channels } = spec;
      const parts = partsOf(
        machine,
        sizeOf([n, ...windowOutput(spec), ...kernel, channels[1]]),
        LEAST_ELEMENTS,
      );
      return new CallKernel(machine, 'im2col', (hold) => {
        const window = hold(windowIn(machine, spec));
        return [hold(new Call(machine, IM2COL, parts, ['x', 'zeroPoint', 'y', window.address, ...channels]))];
      });
    },
  };
}
