// What the mutants of laws have in common.
import type { BackendDriver, DeviceTensor, KernelProvider, OpName, Tensor } from '@halftone/core';
import { type Mutant, mutateDriver } from './mutate.ts';

export type Kernels = BackendDriver['kernels'];
export type AnyKernel = KernelProvider<object>;

/** Every kernel changed alike. */
export function eachKernel(kernels: Kernels, change: (kernel: AnyKernel, op: OpName) => AnyKernel): Kernels {
  return Object.fromEntries(
    Object.entries(kernels).map(([op, kernel]) => [op, change(kernel as unknown as AnyKernel, op as OpName)]),
  ) as Kernels;
}

export const dataOf = (tensor: DeviceTensor): Tensor => tensor as unknown as Tensor;

/** A kernel that gets its packed weights back as operands. */
export function withWeights(
  driver: BackendDriver,
  kernel: AnyKernel,
  spec: object,
  given: unknown,
): ReturnType<AnyKernel['prepare']> {
  const right = kernel.prepare(spec);
  if (given === undefined) return right;
  const { weights } = given as { weights: Record<string, Tensor> };
  return {
    ...right,
    run(io) {
      const tensors = Object.fromEntries(
        Object.entries(weights).map(([name, tensor]) => {
          const held = driver.alloc(tensor);
          driver.write(held, tensor);
          return [name, held] as const;
        }),
      );
      right.run({ ...io, ...tensors });
      for (const tensor of Object.values(tensors)) tensor.dispose();
    },
  };
}

export function late(): Mutant['provider'] {
  return mutateDriver((driver) => {
    const waiting: (() => void)[] = [];
    const flush = (): void => {
      for (const run of waiting.splice(0)) run();
    };
    return {
      async read(src) {
        await Promise.resolve();
        flush();
        return await driver.read(src);
      },
      async sync() {
        flush();
      },
      kernels: eachKernel(driver.kernels, (kernel) => ({
        ...kernel,
        prepare(spec, packed) {
          const right = kernel.prepare(spec, packed);
          return { ...right, run: (io) => void waiting.push(() => right.run(io)) };
        },
      })),
    };
  });
}

export function instances(): Mutant['provider'] {
  let count = 0;
  return mutateDriver((driver) => {
    const odd = count++ % 2 === 1;
    return {
      kernels: eachKernel(driver.kernels, (kernel, op) =>
        op !== 'quantize'
          ? kernel
          : {
              ...kernel,
              prepare(spec, packed) {
                const right = kernel.prepare(spec, packed);
                return {
                  ...right,
                  run(io) {
                    right.run(io);
                    const { data } = dataOf(io['y']!);
                    if (odd && data.length > 0) data[0] = data[0] === 1 ? (0 as never) : (1 as never);
                  },
                };
              },
            },
      ),
    };
  });
}

export function sharedCounters(): Mutant['provider'] {
  let live = 0;
  return mutateDriver((driver) => ({
    alloc(desc) {
      const tensor = driver.alloc(desc);
      const dispose = tensor.dispose.bind(tensor);
      live++;
      tensor.dispose = () => {
        if (!tensor.disposed) live--;
        dispose();
      };
      return tensor;
    },
    stats: () => ({ ...driver.stats(), liveTensors: live }),
  }));
}

export function sharedMemory(): Mutant['provider'] {
  const all = new Set<DeviceTensor>();
  return mutateDriver((driver) => ({
    alloc(desc) {
      const tensor = driver.alloc(desc);
      all.add(tensor);
      return tensor;
    },
    async dispose() {
      for (const tensor of all) tensor.dispose();
      await driver.dispose();
    },
  }));
}
