// Mistakes about memory, order and instances.
import type { Tensor } from '@halftone/core';
import { dataOf, eachKernel, instances, late, sharedCounters, sharedMemory, withWeights } from './drivers.ts';
import { arena } from './arena.ts';
import { type Mutant, mutateDriver } from './mutate.ts';

export const memoryMutants: readonly Mutant[] = [
  {
    name: 'leak',
    bug: 'dispose() forgets to count down',
    breaks: ['law/counters'],
    provider: mutateDriver((driver) => {
      let extra = 0;
      return {
        alloc: (desc) => {
          extra++;
          return driver.alloc(desc);
        },
        stats: () => ({ ...driver.stats(), liveTensors: extra }),
      };
    }),
  },
  {
    name: 'bytes-not-counted',
    bug: 'counts tensors and no bytes',
    breaks: ['law/counters'],
    provider: mutateDriver((driver) => ({ stats: () => ({ ...driver.stats(), liveBytes: 0 }) })),
  },
  {
    name: 'double-release',
    bug: 'a second dispose() counts down again',
    breaks: ['law/counters'],
    provider: mutateDriver((driver) => {
      let released = 0;
      return {
        alloc(desc) {
          const tensor = driver.alloc(desc);
          const dispose = tensor.dispose.bind(tensor);
          tensor.dispose = () => {
            if (tensor.disposed) released++;
            dispose();
          };
          return tensor;
        },
        stats: () => ({ ...driver.stats(), liveTensors: driver.stats().liveTensors - released }),
      };
    }),
  },
  {
    name: 'packed-weights-leak',
    bug: 'packed weights are never freed',
    breaks: ['law/counters'],
    provider: mutateDriver((driver) => {
      let packed = 0;
      return {
        stats: () => ({ ...driver.stats(), packedBytes: packed }),
        kernels: eachKernel(driver.kernels, (kernel, op) =>
          op === 'qgemm'
            ? {
                ...kernel,
                pack(_spec, weights) {
                  packed += 64;
                  return { layout: 'copy', byteLength: 64, weights, dispose() {} } as never;
                },
                prepare: (spec, given) => withWeights(driver, kernel, spec, given),
              }
            : kernel,
        ),
      };
    }),
  },
  {
    name: 'write-keeps-a-reference',
    bug: 'write() takes the array instead of its elements',
    breaks: ['law/copies'],
    provider: mutateDriver(() => ({
      write(dst, src) {
        (dst as unknown as { data: unknown }).data = src.data;
      },
    })),
  },
  {
    name: 'read-gives-the-memory',
    bug: 'read() gives a view of the tensor',
    breaks: ['law/copies', 'law/aliasing'],
    provider: mutateDriver(() => ({
      read: async (src) => ({ dtype: src.dtype, shape: src.shape, data: dataOf(src).data }) as Tensor,
    })),
  },
  {
    name: 'pack-keeps-a-reference',
    bug: 'packs by keeping the host arrays',
    breaks: ['law/copies'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel, op) =>
        op === 'qgemm'
          ? {
              ...kernel,
              pack: (_spec, weights) => ({ layout: 'host', byteLength: 0, weights, dispose() {} }) as never,
              prepare: (spec, given) => withWeights(driver, kernel, spec, given),
            }
          : kernel,
      ),
    })),
  },
  {
    name: 'shared-results',
    bug: 'results stand in one scratch buffer for each op',
    breaks: ['law/aliasing'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel) => ({
        ...kernel,
        prepare(spec, packed) {
          const right = kernel.prepare(spec, packed);
          let scratch: unknown;
          return {
            ...right,
            run(io) {
              right.run(io);
              const y = io['y'];
              if (!y) return;
              if (scratch) (scratch as { set(a: unknown): void }).set(dataOf(y).data);
              else scratch = dataOf(y).data;
              (y as unknown as { data: unknown }).data = scratch;
            },
          };
        },
      })),
    })),
  },
  {
    name: 'operand-overwritten',
    bug: 'works in place on its first operand',
    breaks: ['law/aliasing'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel) => ({
        ...kernel,
        prepare(spec, packed) {
          const right = kernel.prepare(spec, packed);
          return {
            ...right,
            run(io) {
              right.run(io);
              const x = io['x'];
              if (x) dataOf(x).data.fill(0 as never, 0, 1);
            },
          };
        },
      })),
    })),
  },
  {
    name: 'writes-past-the-end',
    bug: 'vectors of sixteen, the last one written whole',
    breaks: ['law/guards'],
    provider: arena({ pastEnd: 16 }),
  },
  {
    name: 'writes-before-the-begin',
    bug: 'an unrolled loop that begins one early',
    breaks: ['law/guards'],
    provider: arena({ beforeBegin: 1 }),
  },
  {
    name: 'reads-before-they-are-due',
    bug: 'read() looks later than what was enqueued before it',
    breaks: ['law/ordering'],
    provider: mutateDriver((driver) => ({
      async read(src) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return await driver.read(src);
      },
    })),
  },
  {
    name: 'runs-late',
    bug: 'runs are done when something is read, on what the operands hold by then',
    breaks: ['law/ordering'],
    provider: late(),
  },
  {
    name: 'results-drift',
    bug: 'a running average that is kept between runs',
    breaks: ['law/determinism', 'law/aliasing', 'law/packing'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel) => ({
        ...kernel,
        prepare(spec, packed) {
          const right = kernel.prepare(spec, packed);
          let runs = 0;
          return {
            ...right,
            run(io) {
              right.run(io);
              const y = io['y'];
              if (y && runs++ > 0 && dataOf(y).data.length > 0)
                dataOf(y).data[0] = dataOf(y).data[0] === 1 ? (0 as never) : (1 as never);
            },
          };
        },
      })),
    })),
  },
  {
    name: 'instances-differ',
    bug: 'a random number of the process decides',
    breaks: ['law/determinism', 'quantize'],
    provider: instances(),
  },
  {
    name: 'counters-shared',
    bug: 'counters of the module and not of the instance',
    breaks: ['law/isolation', 'law/counters', 'law/afterwards'],
    provider: sharedCounters(),
  },
  {
    name: 'dispose-takes-all',
    bug: 'disposing one instance frees the memory of all',
    breaks: ['law/isolation'],
    provider: sharedMemory(),
  },
];
