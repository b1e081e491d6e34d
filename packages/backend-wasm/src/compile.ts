// A region in one block of the heap: inputs are copied in, its calls run in one crossing, results are copied out.
import { type CompileSteps, type HandleKernel, planArena, type Tensor } from '@halftone/core';
import { type CallKernel, numbersIn, Room } from './call.ts';
import type { Machine } from './kernels.ts';
import { upload } from './ops/shared.ts';

const ALIGNMENT = 64;

export function compileRegion(machine: Machine): CompileSteps<HandleKernel<number>> {
  return (region, steps) => {
    const { heap, kernels } = machine;
    const { offsets, byteLength } = planArena(region, ALIGNMENT, new Set());
    const owned: { dispose(): void }[] = [];
    const dispose = (): void => {
      for (const each of owned.splice(0)) each.dispose();
    };
    try {
      const block = new Room(machine, 'region', byteLength);
      owned.push(block);
      const constants = new Map<Tensor, number>();
      const addressOf = (operand: number | Tensor): number => {
        if (typeof operand === 'number') return block.address + offsets[operand]!;
        let address = constants.get(operand);
        if (address === undefined) {
          const at = upload(machine, operand);
          owned.push({ dispose: () => heap.free(at) });
          constants.set(operand, (address = at));
        }
        return address;
      };
      const calls = steps.flatMap(({ kernel, inputs, outputs }) => {
        const io = Object.entries({ ...inputs, ...outputs }).map(([name, operand]) => [
          name,
          addressOf(operand),
        ]);
        for (const call of (kernel as CallKernel).calls)
          call.bind(Object.fromEntries(io) as Record<string, number>);
        return (kernel as CallKernel).calls;
      });
      const list = numbersIn(
        machine,
        'calls',
        calls.map(({ address }) => address),
      );
      owned.push(list);
      return {
        variant: `${steps.length} steps in one block`,
        run(inputs) {
          for (const [i, value] of region.inputs.entries()) heap.write(addressOf(value), inputs[i]!);
          kernels.runAll(list.address, calls.length);
          return region.outputs.map((value) => heap.read(addressOf(value), region.values[value]!));
        },
        dispose,
      };
    } catch (error) {
      dispose();
      throw error;
    }
  };
}
