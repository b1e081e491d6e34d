// Mistakes with what a run reads and changes beside its operands and results.
import type { HostOp, OpName, OpSpecs, Tensor } from '@halftone/core';
import { kernelsOf, wrongDriver } from './drivers.ts';
import { elements, hostOf, type Mutable, type Mutant, type Ops, right, withOps } from './mutate.ts';

/** Kernels that change more than their results. */
function sideEffect<O extends OpName>(
  op: O,
  name: string,
  bug: string,
  breaks: readonly string[],
  run: HostOp<OpSpecs[O]>,
): Mutant {
  return { name: `${op}: ${name}`, bug, ops: breaks, provider: withOps({ [op]: run } as Partial<Ops>) };
}

/** Mistakes with memory that is shared, or counted on. */
export const aliases: readonly Mutant[] = [
  wrongDriver(
    'results share one scratch',
    'each kernel has one buffer, and results point into it',
    ['law/aliasing'],
    (driver) => ({
      kernels: kernelsOf(driver, (provider) => ({
        ...provider,
        prepare(spec, weights) {
          const kernel = provider.prepare(spec, weights);
          const scratch = new Map<string, Tensor['data']>();
          return {
            ...kernel,
            run(io) {
              const y = io['y']!;
              const data = scratch.get('y') ?? hostOf(y).data.slice();
              scratch.set('y', data);
              (y as unknown as Mutable).data = data;
              kernel.run(io);
            },
          };
        },
      })),
    }),
  ),
  sideEffect(
    'qgemm',
    'centres A in place',
    'the zero point is taken from the operand itself',
    ['law/aliasing'],
    (spec, io) => {
      right.qgemm(spec, io);
      const a = elements(io, 'a');
      for (let i = 0; i < a.length; i++) a[i]! -= elements(io, 'aZeroPoint')[0]!;
    },
  ),
  sideEffect(
    'quantize',
    'clamps in place',
    'the floats are clamped before they are converted',
    ['law/aliasing'],
    (spec, io) => {
      right.quantize(spec, io);
      const x = elements(io, 'x');
      for (let i = 0; i < x.length; i++) x[i] = Math.min(1, Math.max(-1, x[i]!));
    },
  ),
  ...(['qgemm', 'gemm', 'conv2d'] as const).map((op) =>
    sideEffect(
      op,
      'adds to the result',
      'sums begin with what the result held',
      [op, 'law/ordering'],
      (spec, io) => {
        const y = elements(io, 'y');
        const before = y.slice();
        (right[op] as HostOp<never>)(spec as never, io);
        if (io['y']!.dtype === 'int32' || io['y']!.dtype === 'float32')
          for (let i = 0; i < y.length; i++) y[i]! += before[i]!;
      },
    ),
  ),
  sideEffect(
    'gemm',
    'multiplies the result by 0',
    'y = sum + 0 * y, which NaN in fresh memory does not survive',
    ['gemm'],
    (spec, io) => {
      const y = elements(io, 'y');
      const before = y.slice();
      const beta: number = 0;
      right.gemm(spec, io);
      for (let i = 0; i < y.length; i++) y[i]! += beta * before[i]!;
    },
  ),
  sideEffect(
    'qmaxpool',
    'begins with the result',
    'the largest code begins with what the result held',
    ['qmaxpool'],
    (spec, io) => {
      const y = elements(io, 'y');
      const before = y.slice();
      right.qmaxpool(spec, io);
      if (spec.dtype === 'uint8') for (let i = 0; i < y.length; i++) y[i] = Math.max(y[i]!, before[i]!);
    },
  ),
  ...(['qgemm', 'gemm'] as const).map((op) =>
    sideEffect(
      op,
      'writes nothing for K of 0',
      'where there is nothing to add the kernel returns',
      [op],
      (spec, io) => {
        if (spec.k > 0) (right[op] as HostOp<never>)(spec as never, io);
      },
    ),
  ),
  sideEffect(
    'im2col',
    'leaves zeros out',
    'padding of code 0 is left to memory that is zeroed',
    ['im2col'],
    (spec, io) => {
      const y = elements(io, 'y');
      const before = y.slice();
      right.im2col(spec, io);
      for (let i = 0; i < y.length; i++) if (y[i] === 0) y[i] = before[i]!;
    },
  ),
];
