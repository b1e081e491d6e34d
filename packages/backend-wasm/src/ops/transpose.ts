// y[i0, i1, ...] = x at these indices in the order of x
import { type DeviceOp, dtypes, type TransposeSpec } from '@halftone/core';
import { Call, CallKernel, numbersIn } from '../call.ts';
import type { Machine } from '../kernels.ts';
import { TRANSPOSE } from '../kinds.ts';

export function transpose(machine: Machine): DeviceOp<number, TransposeSpec> {
  return {
    prepare({ shape, perm, dtype }) {
      const strides = shape.map((_, axis) =>
        shape.slice(axis + 1).reduce((size, extent) => size * extent, 1),
      );
      const numbers = perm.length > 0 ? perm.flatMap((axis) => [shape[axis]!, strides[axis]!]) : [1, 1];
      const bytes = dtypes[dtype].Array.BYTES_PER_ELEMENT;
      return new CallKernel(machine, 'transpose', (hold) => {
        const axes = hold(numbersIn(machine, 'axes', numbers));
        return [hold(new Call(machine, TRANSPOSE, 1, ['x', 'y', axes.address, numbers.length / 2, bytes]))];
      });
    },
  };
}
