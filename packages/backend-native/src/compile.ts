// A region as a program of the addon: every step is recorded once, and one crossing does them all.
import {
  byteSize,
  type CompileSteps,
  type HostKernel,
  dtypes,
  HalftoneError,
  type HostIO,
  planArena,
  type RegionStep,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import type { Addon, Engine, Program } from './native.ts';

/** Kernels read and write whole vectors best where these begin at a cache line. */
const ALIGNMENT = 64;

/** Bytes of a result that is copied out of the program's memory sooner than a new array is shown to native code. */
const COPIED = 4096;

export function compileRegion(addon: Addon, engine: Engine): CompileSteps<HostKernel> {
  return (region, steps) => {
    if (region.steps.some(packsAnew))
      return { reason: 'weights that are computed are packed anew in each run' };
    const large = region.outputs.filter((value) => byteSize(region.values[value]!) > COPIED);
    const { offsets, byteLength } = planArena(region, ALIGNMENT, new Set([...region.inputs, ...large]));
    const program = create(addon, engine, Math.max(byteLength, ALIGNMENT));
    try {
      const memory = program.memory();
      const inputs = region.inputs.map((value) => blank(region.values[value]!));
      const outputs = large.map((value) => blank(region.values[value]!));
      const tensors = region.values.map((desc, value): Tensor | undefined => {
        const offset = offsets[value];
        if (offset !== undefined) return over(desc, memory, offset);
        return inputs[region.inputs.indexOf(value)] ?? outputs[large.indexOf(value)];
      });
      program.record([...inputs, ...outputs].map(({ data }) => data));
      for (const { kernel, inputs: operands, outputs: results } of steps) {
        const io: Record<string, Tensor> = {};
        for (const [name, operand] of Object.entries({ ...operands, ...results }))
          io[name] = typeof operand === 'number' ? tensors[operand]! : operand;
        kernel.run(io as HostIO);
      }
      program.finish();
      const results = region.outputs.map((value) => ({
        desc: region.values[value]!,
        place: tensors[value]!,
      }));
      const isLarge = new Set<Tensor>(outputs);
      return {
        variant: `${region.steps.length} steps in one call`,
        run(given) {
          const arrays = given.map(({ data }) => fixed(data));
          const fresh = results.map(({ desc, place }) => (isLarge.has(place) ? blank(desc) : undefined));
          for (const tensor of fresh) if (tensor) arrays.push(tensor.data);
          program.run(arrays);
          return results.map(
            ({ desc, place }, i) => fresh[i] ?? ({ ...desc, data: place.data.slice() } as Tensor),
          );
        },
        dispose: () => program.dispose(),
      };
    } catch (error) {
      program.dispose();
      throw error;
    }
  };
}

/** Filters and blocks have forms that depend on their values. */
function packsAnew({ op, inputs }: RegionStep): boolean {
  if (op === 'qconv2d') return typeof inputs['w'] === 'number';
  return op === 'blockGemm' && ['b', 'scale', 'zeroPoint'].some((name) => typeof inputs[name] === 'number');
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
