// d = max(x) - x; p = floor(table[d] * 2^22 / sum of table[d]); y = requantize(p)
import type { DeviceOp, FixedMode, QSoftmaxSpec } from '@halftone/core';
import { Call, CallKernel, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { QSOFTMAX } from '../kinds.ts';
import { LEAST_ELEMENTS } from './shared.ts';

/** Numbers of the fixed-point modes, as kernels know them. */
const fixedModes: Readonly<Record<FixedMode, number>> = {
  'tflite-double': 0,
  'tflite-single': 1,
  'shift-floor': 2,
};

export function qsoftmax(machine: Machine): DeviceOp<number, QSoftmaxSpec> {
  return {
    prepare({ outer, extent, inner, from, to, mode }) {
      // A row belongs to one thread; its elements cost more than those of other ops.
      const parts = Math.max(
        1,
        Math.min(outer * inner, partsOf(machine, 4 * outer * extent * inner, LEAST_ELEMENTS)),
      );
      return new CallKernel(machine, 'qsoftmax', (hold) => {
        const codes = hold(new Room(machine, 'codes of distances', 256 * parts));
        const operands = ['x', 'table', 'multiplier', 'shift', 'zeroPoint', 'y', codes.address];
        const signs = [Number(from === 'int8'), Number(to === 'int8')];
        const fields = [...operands, outer, extent, inner, ...signs, fixedModes[mode]];
        return [hold(new Call(machine, QSOFTMAX, parts, fields))];
      });
    },
  };
}
