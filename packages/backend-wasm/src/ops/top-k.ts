// values = the k largest (smallest) elements in order; of equal ones those of the lowest indices, the lowest first
import type { DeviceOp, TopKSpec } from '@halftone/core';
import { Call, CallKernel, Room } from '../call.ts';
import { type Machine, partsOf } from '../kernels.ts';
import { TOP_K } from '../kinds.ts';
import { LEAST_ELEMENTS, typeNumbers } from './shared.ts';

/** The first elements along an axis. */
export function topK(machine: Machine): DeviceOp<number, TopKSpec> {
  return {
    prepare({ outer, extent, inner, k, largest, dtype }) {
      // A row is searched by one thread.
      const parts = Math.max(
        1,
        Math.min(outer * inner, partsOf(machine, outer * extent * inner, LEAST_ELEMENTS)),
      );
      return new CallKernel(machine, 'topK', (hold) => {
        const bytes = parts * machine.kernels.topKScratchBytes(extent, inner, k);
        const scratch = hold(new Room(machine, 'scratch', bytes));
        const numbers = [outer, extent, inner, k, Number(largest), typeNumbers[dtype]!];
        const fields = ['x', 'values', 'indices', scratch.address, ...numbers];
        return [hold(new Call(machine, TOP_K, parts, fields))];
      });
    },
  };
}
