// A region as a program of the addon: every step is recorded once, and one crossing does them all.
import {
  type CompileHostRegion,
  dtypes,
  HalftoneError,
  type HostIO,
  planArena,
  type Region,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Addon, Engine, Program } from './native.ts';

/** Kernels read and write whole vectors best where these begin at a cache line. */
const ALIGNMENT = 64;

export function compileRegion(addon: Addon, engine: Engine): CompileHostRegion {
  return (region, steps) => {
    const computed = region.steps.find(
      ({ op, inputs }) => op === 'qconv2d' && typeof inputs['w'] === 'number',
    );
    if (computed) return { reason: 'filters that are computed are packed anew in each run' };
    const { offsets, byteLength } = planArena(region, ALIGNMENT);
    const program = create(addon, engine, Math.max(byteLength, ALIGNMENT));
    try {
      const memory = program.memory();
      const inputs = region.inputs.map((value) => blank(region.values[value]!));
      const outputs = region.outputs.map((value) => blank(region.values[value]!));
      const tensors = region.values.map((desc, value): Tensor | undefined => {
        const offset = offsets[value];
        if (offset !== undefined) return over(desc, memory, offset);
        return inputs[region.inputs.indexOf(value)] ?? outputs[region.outputs.indexOf(value)];
      });
      program.record([...inputs, ...outputs].map(({ data }) => data));
      for (const { kernel, inputs: operands, outputs: results } of steps) {
        const io: Record<string, Tensor> = {};
        for (const [name, operand] of Object.entries({ ...operands, ...results }))
          io[name] = typeof operand === 'number' ? tensors[operand]! : operand;
        kernel.run(io as HostIO);
      }
      program.finish();
    } catch (error) {
      program.dispose();
      throw error;
    }
    return {
      variant: `${region.steps.length} steps in one call`,
      run: (given) => run(program, region, given),
      dispose: () => program.dispose(),
    };
  };
}

function run(program: Program, { values, outputs }: Region, given: readonly Tensor[]): readonly Tensor[] {
  const results = outputs.map((value) => blank(values[value]!));
  program.run([...given.map(({ data }) => fixed(data)), ...results.map(({ data }) => data)]);
  return results;
}

function create(addon: Addon, engine: Engine, bytes: number): Program {
  try {
    return new addon.Program(engine, bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new HalftoneError(
      'HT_OUT_OF_MEMORY',
      `no memory for ${bytes} bytes of a region`,
      { bytes },
      { cause },
    );
  }
}

function blank({ dtype, shape }: TensorDesc): Tensor {
  return { dtype, shape, data: new dtypes[dtype].Array(sizeOf(shape)) } as Tensor;
}

function over({ dtype, shape }: TensorDesc, memory: ArrayBuffer, offset: number): Tensor {
  return { dtype, shape, data: new dtypes[dtype].Array(memory, offset, sizeOf(shape)) } as Tensor;
}

/** Native code must not read memory that may be resized meanwhile. */
function fixed(data: Tensor['data']): Tensor['data'] {
  const buffer = data.buffer as ArrayBufferLike & {
    readonly resizable?: boolean;
    readonly growable?: boolean;
  };
  return buffer.resizable || buffer.growable ? (data.slice() as Tensor['data']) : data;
}
