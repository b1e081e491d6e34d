// Mistakes in what a backend says of itself, and in how it fails and ends.
import type { DeviceTensor } from '@halftone/core';
import { dataOf, eachKernel, withWeights } from './drivers.ts';
import { type Mutant, mutateDriver } from './mutate.ts';

export const promiseMutants: readonly Mutant[] = [
  {
    name: 'supports-lies',
    bug: 'supports() says yes to a form that throws',
    breaks: ['requantize'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel, op) =>
        op === 'requantize'
          ? {
              ...kernel,
              prepare(spec, packed) {
                if ((spec as { axis?: number }).axis !== undefined) throw new TypeError('not yet');
                return kernel.prepare(spec, packed);
              },
            }
          : kernel,
      ),
    })),
  },
  {
    name: 'refuses-the-required',
    bug: 'one scale alone',
    breaks: ['dequantize'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel, op) =>
        op === 'dequantize'
          ? {
              ...kernel,
              supports: (spec) =>
                (spec as { axis?: number }).axis === undefined ? true : { reason: 'one scale alone' },
            }
          : kernel,
      ),
    })),
  },
  {
    name: 'refuses-without-a-reason',
    bug: 'an empty refusal',
    breaks: ['law/honesty'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel, op) =>
        op === 'resize' ? { ...kernel, supports: () => ({ reason: '' }) } : kernel,
      ),
    })),
  },
  {
    name: 'changes-its-mind',
    bug: 'supports() depends on what was asked before',
    breaks: ['law/honesty'],
    provider: mutateDriver((driver) => {
      let asked = 0;
      return {
        kernels: eachKernel(driver.kernels, (kernel, op) =>
          op === 'resize'
            ? { ...kernel, supports: () => (asked++ % 3 === 2 ? { reason: 'busy' } : true) }
            : kernel,
        ),
      };
    }),
  },
  {
    name: 'supports-throws',
    bug: 'supports() throws where it should refuse',
    breaks: ['law/honesty', 'resize'],
    provider: mutateDriver((driver) => ({
      kernels: eachKernel(driver.kernels, (kernel, op) =>
        op === 'resize'
          ? {
              ...kernel,
              supports: (spec) => {
                if ((spec as { mode: string }).mode === 'cubic') throw new TypeError('cubic');
                return true;
              },
            }
          : kernel,
      ),
    })),
  },
  {
    name: 'integer-op-is-relaxed',
    bug: 'calls an integer op f32-relaxed',
    breaks: ['law/capabilities'],
    provider: mutateDriver((driver) => ({
      capabilities: Object.freeze({
        numericClass: Object.freeze({ ...driver.capabilities.numericClass, qgemm: 'f32-relaxed' }),
      }),
    })),
  },
  {
    name: 'class-left-out',
    bug: 'says nothing of an op that it has',
    breaks: ['law/capabilities'],
    provider: mutateDriver((driver) => {
      const { qgemm: _qgemm, ...numericClass } = driver.capabilities.numericClass;
      return { capabilities: Object.freeze({ numericClass: Object.freeze(numericClass) }) };
    }),
  },
  {
    name: 'capabilities-change',
    bug: 'capabilities that anybody may write',
    breaks: ['law/capabilities'],
    provider: mutateDriver((driver) => ({ capabilities: { ...driver.capabilities } })),
  },
  {
    name: 'pack-of-another-shape',
    bug: 'packed weights are kept by the name of the op, whatever their shape',
    breaks: ['qgemm', 'law/packing'],
    provider: mutateDriver((driver) => {
      let kept: unknown;
      return {
        kernels: eachKernel(driver.kernels, (kernel, op) =>
          op === 'qgemm'
            ? {
                ...kernel,
                pack(_spec, weights) {
                  kept ??= Object.fromEntries(
                    Object.entries(weights).map(([name, tensor]) => [
                      name,
                      { ...tensor, data: tensor.data.slice() },
                    ]),
                  );
                  return { layout: 'kept', byteLength: 0, weights: kept, dispose() {} } as never;
                },
                prepare: (spec, given) => withWeights(driver, kernel, spec, given),
              }
            : kernel,
        ),
      };
    }),
  },
  {
    name: 'failure-poisons',
    bug: 'an allocation that failed leaves the allocator broken',
    breaks: ['law/recovery'],
    provider: mutateDriver((driver) => {
      let broken = false;
      return {
        alloc(desc) {
          if (broken) throw new Error('poisoned');
          try {
            return driver.alloc(desc);
          } catch (error) {
            broken = true;
            throw error;
          }
        },
      };
    }),
  },
  {
    name: 'dispose-twice-throws',
    bug: 'a tensor that cannot be disposed twice',
    breaks: ['law/counters', 'law/endings'],
    provider: mutateDriver((driver) => ({
      alloc(desc) {
        const tensor = driver.alloc(desc);
        const dispose = tensor.dispose.bind(tensor);
        tensor.dispose = () => {
          if (tensor.disposed) throw new Error('already disposed');
          dispose();
        };
        return tensor;
      },
    })),
  },
  {
    name: 'disposed-is-not-said',
    bug: 'disposed stays false',
    breaks: ['law/counters', 'law/endings'],
    provider: mutateDriver((driver) => ({
      alloc(desc) {
        const tensor = driver.alloc(desc);
        return Object.create(tensor, {
          disposed: { value: false },
          dispose: {
            value: () => {
              tensor.dispose();
            },
          },
          data: { get: () => dataOf(tensor).data },
        }) as DeviceTensor;
      },
    })),
  },
];
