// Mistakes in what a backend says of itself, and in how it fails.
import { type Capabilities, HalftoneError, type KernelProvider, type OpName } from '@halftone/core';
import { kernelsOf, preparing, wrongDriver } from './drivers.ts';
import type { Mutant } from './mutate.ts';

/** A mutant that answers supports() for some ops. */
function saying(
  name: string,
  bug: string,
  breaks: readonly string[],
  op: OpName,
  supports: KernelProvider<never>['supports'],
  prepares = true,
): Mutant {
  return wrongDriver(name, bug, breaks, (driver) => ({
    kernels: kernelsOf(
      driver,
      (provider) => ({
        ...provider,
        supports,
        prepare(spec, packed) {
          if (!prepares && JSON.stringify(spec).includes('"transposeB":true'))
            throw new HalftoneError('HT_BACKEND', 'no such kernel');
          return provider.prepare(spec, packed);
        },
      }),
      [op],
    ),
  }));
}

let asked = 0;

function classes(name: string, bug: string, change: (capabilities: Capabilities) => Capabilities): Mutant {
  return wrongDriver(name, bug, ['law/capabilities'], ({ capabilities }) => ({
    capabilities: change(capabilities),
  }));
}

let closed = false;

/** Mistakes with promises. */
export const promises: readonly Mutant[] = [
  saying(
    'says yes and throws',
    'supports() does not know that a layout has no kernel',
    ['qgemm'],
    'qgemm',
    () => true,
    false,
  ),
  saying(
    'refuses what is required',
    'supports() refuses parameters along an axis',
    ['quantize'],
    'quantize',
    (spec) => ('axis' in (spec as object) ? { reason: 'not along an axis' } : true),
  ),
  saying(
    'says yes and then no',
    'supports() answers by how much memory is free',
    ['law/honesty'],
    'lut256',
    () => (++asked % 2 === 0 ? true : { reason: 'no memory' }),
  ),
  saying('refuses without a reason', 'the reason is empty', ['law/honesty'], 'lut256', (spec) =>
    (spec as { from: string }).from === 'int8' ? { reason: '' } : true,
  ),
  saying(
    'throws when asked',
    'supports() throws where it has no answer',
    ['law/honesty', 'lut256'],
    'lut256',
    (spec) => {
      if ((spec as { from: string }).from === 'int8') throw new Error('not implemented');
      return true;
    },
  ),
  classes('capabilities are not frozen', 'the object is a plain one', ({ numericClass }) => ({
    numericClass,
  })),
  classes('numeric classes are not frozen', 'freezing is shallow', ({ numericClass }) =>
    Object.freeze({ numericClass: { ...numericClass } }),
  ),
  classes('an integer op is relaxed', 'products of codes are said to be about right', ({ numericClass }) =>
    Object.freeze({ numericClass: Object.freeze({ ...numericClass, qgemm: 'f32-relaxed' }) }),
  ),
  classes(
    'an op has no class',
    'a new op was not added to the table of classes',
    ({ numericClass: { qgemm: _qgemm, ...rest } }) => Object.freeze({ numericClass: Object.freeze(rest) }),
  ),
  classes('capabilities are no data', 'a bigint is among the limits', ({ numericClass }) =>
    Object.freeze({ numericClass, limits: { bytes: 1n as unknown as number } }),
  ),
  wrongDriver(
    'read() forgets the shape',
    'what is read is a flat array',
    ['qgemm', 'quantize', 'law/copies'],
    (driver) => ({
      async read(src) {
        const got = await driver.read(src);
        return { ...got, shape: [got.data.length] };
      },
    }),
  ),
  wrongDriver(
    'read() gives doubles',
    'numbers come back in an array of another type',
    ['dequantize', 'gemm', 'law/copies'],
    (driver) => ({
      async read(src) {
        const got = await driver.read(src);
        return got.dtype === 'float32'
          ? ({ ...got, data: Float64Array.from(got.data as Float32Array) } as never)
          : got;
      },
    }),
  ),
  wrongDriver(
    'is used up',
    'dispose() of one instance takes down the library for all',
    ['law/isolation', 'law/afterwards'],
    (driver) => {
      closed = false;
      return {
        alloc(desc) {
          if (closed) throw new HalftoneError('HT_BACKEND', 'the library was closed');
          return driver.alloc(desc);
        },
        async dispose() {
          closed = true;
          await driver.dispose();
        },
      };
    },
  ),
  wrongDriver(
    'fails for good',
    'after an allocation that failed every one fails',
    ['law/recovery'],
    (driver) => {
      let failed = false;
      return {
        alloc(desc) {
          if (failed) throw new HalftoneError('HT_OUT_OF_MEMORY', 'no memory');
          try {
            return driver.alloc(desc);
          } catch (error) {
            failed = true;
            throw error;
          }
        },
      };
    },
  ),
  wrongDriver(
    'throws what it likes',
    'running out of memory is a plain error',
    ['law/recovery'],
    (driver) => ({
      alloc(desc) {
        try {
          return driver.alloc(desc);
        } catch {
          throw new RangeError('Array buffer allocation failed');
        }
      },
    }),
  ),
  wrongDriver(
    'cannot be disposed at work',
    'dispose() rejects while something is enqueued',
    ['law/afterwards'],
    (driver) => {
      let busy = 0;
      return {
        ...preparing(driver, ['quantize', 'qgemm'], (provider) => (spec, packed) => {
          const kernel = provider.prepare(spec, packed);
          return {
            ...kernel,
            run(io) {
              busy++;
              kernel.run(io);
            },
          };
        }),
        async read(src) {
          busy = 0;
          return await driver.read(src);
        },
        async dispose() {
          if (busy > 0) throw new HalftoneError('HT_BACKEND', 'work is under way');
        },
      };
    },
  ),
];
