// y = table[x], table[x + 128] of int8
import { type DeviceOp, type Lut256Spec, sizeOf } from '@halftone/core';
import { Call, CallKernel } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { LOOKUP } from '../kinds.ts';
import { LEAST_ELEMENTS } from './shared.ts';

export function lut256(machine: Machine): DeviceOp<number, Lut256Spec> {
  return {
    prepare({ from, shape }) {
      const count = sizeOf(shape);
      const fields = ['x', 'table', 'y', count, Number(from === 'int8')];
      const parts = partsOf(machine, count, LEAST_ELEMENTS);
      return new CallKernel(machine, 'lut256', (hold) => [hold(new Call(machine, LOOKUP, parts, fields))]);
    },
  };
}
