// Mistakes of memory whose layout depends on the shapes of tensors, such as textures.
import {
  type BackendDriver,
  catalogue,
  type DeviceTensor,
  type Kernel,
  type KernelProvider,
  type OpDefinition,
  type OpName,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';
import { kernelsOf, wrongDriver } from './drivers.ts';
import { packed } from './memory.ts';
import { fresh, hostOf, type Mutant, right } from './mutate.ts';
import { regional } from './regions.ts';

type Shape = readonly number[];
type Elements = { [index: number]: Tensor['data'][number] };

/** Elements of a texel: each row of the last axis begins with a whole one. */
const TEXEL = 4;

function widthOf(shape: Shape): number {
  return shape.at(-1) ?? 1;
}

function rowOf(width: number): number {
  return Math.ceil(width / TEXEL) * TEXEL;
}

/** Puts elements where they stand in rows of `shape`; what is behind the memory is lost, as it is in a texture. */
function scatter(memory: Tensor['data'], shape: Shape, elements: Tensor['data']): void {
  const width = widthOf(shape);
  for (let i = 0; i < elements.length; i++)
    (memory as Elements)[Math.floor(i / width) * rowOf(width) + (i % width)] = elements[i]!;
}

/** The elements that stand in rows of `shape`; 0 where there is no memory. */
function gather(memory: Tensor['data'], { dtype, shape }: TensorDesc): Tensor {
  const dense = fresh({ dtype, shape });
  const width = widthOf(shape);
  for (let i = 0; i < dense.data.length; i++) {
    const element = memory[Math.floor(i / width) * rowOf(width) + (i % width)];
    if (element !== undefined) (dense.data as Elements)[i] = element;
  }
  return dense;
}

function rowsFor({ dtype, shape }: TensorDesc): TensorDesc {
  const width = widthOf(shape);
  return { dtype, shape: [width === 0 ? 0 : (sizeOf(shape) / width) * rowOf(width)] };
}

/** The elements that code which knows a tensor as `seen` finds where rows of its own shape were written. */
function misread(tensor: Tensor, seen: Shape): Tensor {
  const memory = fresh(rowsFor(tensor)).data;
  scatter(memory, tensor.shape, tensor.data);
  return gather(memory, { dtype: tensor.dtype, shape: seen });
}

/** Under which shape memory is addressed, where it is not the tensor's own. */
export interface Doors {
  /** `wanted`: what the op's spec says of the tensor. */
  readonly operand?: (tensor: DeviceTensor, wanted: TensorDesc) => Shape;
  readonly result?: (tensor: DeviceTensor, wanted: TensorDesc) => Shape;
  readonly write?: (tensor: DeviceTensor, src: Tensor) => Shape;
  readonly read?: (tensor: DeviceTensor) => Shape;
  /** Tensors have memory for rows of every shape; default for those of their own. */
  readonly roomy?: boolean;
}

const own = ({ shape }: TensorDesc): Shape => shape;
const asSpecified = (_: DeviceTensor, { shape }: TensorDesc): Shape => shape;

/** A driver that lays out tensors in rows of whole texels; `ofKernel` makes the doors of each kernel. */
export function inRows(
  driver: BackendDriver,
  doors: Doors,
  ofKernel: () => Doors = () => doors,
): Partial<BackendDriver> {
  const { write = own, read = own, roomy = false } = doors;
  return {
    alloc(desc) {
      const { dtype, shape } = desc;
      // Rows of one element are the longest way to stand.
      const memory = rowsFor(roomy ? { dtype, shape: [sizeOf(shape), 1] } : desc);
      return Object.assign(driver.alloc(memory), { shape });
    },
    write(dst, src) {
      scatter(hostOf(dst).data, write(dst, src), src.data);
    },
    async read(src) {
      const { data } = gather(hostOf(src).data, { dtype: src.dtype, shape: read(src) });
      return { dtype: src.dtype, shape: src.shape, data } as Tensor;
    },
    kernels: kernelsOf(driver, (provider, op) => ({
      ...provider,
      prepare: (spec) => kernelInRows(op, spec, ofKernel()),
    })),
  };
}

function kernelInRows(op: OpName, spec: never, { operand = own, result = own }: Doors): Kernel {
  const definition = catalogue[op] as OpDefinition<never>;
  return {
    variant: `${op}_rows`,
    run(io) {
      const host: Record<string, Tensor> = {};
      for (const [name, desc] of Object.entries(definition.inputs(spec))) {
        const shape = operand(io[name]!, desc);
        const { data } = gather(hostOf(io[name]!).data, { dtype: desc.dtype, shape });
        host[name] = { ...desc, data } as Tensor;
      }
      const results = Object.entries(definition.outputs(spec)).map(
        ([name, desc]) => [name, fresh(desc)] as const,
      );
      right[op](spec, { ...host, ...Object.fromEntries(results) });
      for (const [name, { dtype, shape, data }] of results)
        scatter(hostOf(io[name]!).data, result(io[name]!, { dtype, shape }), data);
    },
    dispose() {},
  };
}

/** Which writes memory that knows in which rows a tensor was written last does not notice. */
interface Oversights {
  readonly ofHost?: boolean;
  readonly ofLaterKernels?: boolean;
}

/** Doors of memory that knows in which rows each tensor was written last. */
export function remembering({ ofHost = false, ofLaterKernels = false }: Oversights = {}): Doors {
  const rows = new WeakMap<DeviceTensor, Shape>();
  const known = (tensor: DeviceTensor): Shape => rows.get(tensor) ?? tensor.shape;
  return {
    roomy: true,
    operand: known,
    read: known,
    write(tensor) {
      if (!ofHost) rows.delete(tensor);
      return tensor.shape;
    },
    result(tensor, { shape }) {
      if (!ofLaterKernels || !rows.has(tensor)) rows.set(tensor, shape);
      return shape;
    },
  };
}

/** Doors of a kernel that addresses each tensor as it did in its first run. */
function ofFirstRun(): Doors {
  const seen = new Map<string, Shape>();
  const first = (tensor: DeviceTensor, wanted: TensorDesc): Shape => {
    const key = JSON.stringify(wanted.shape);
    const shape = seen.get(key) ?? tensor.shape;
    seen.set(key, shape);
    return shape;
  };
  return { operand: first, result: first };
}

function wrongRows(name: string, bug: string, doors: () => Doors, ofKernel?: () => Doors): Mutant {
  return wrongDriver(`rows: ${name}`, bug, ['law/reshapes'], (driver) => inRows(driver, doors(), ofKernel));
}

/** Lays tensors out by the shapes of the spec alone. */
export const bySpec: Mutant = wrongRows(
  'are those of the spec',
  'kernels address operands and results in rows of their spec, whatever shape these were allocated in',
  () => ({ operand: asSpecified, result: asSpecified }),
);

/** Mistakes with shapes. */
export const shapes: readonly Mutant[] = [
  bySpec,
  wrongRows('of operands are those of the spec', 'a tensor is read in rows of the spec', () => ({
    operand: asSpecified,
  })),
  wrongRows('of results are those of the spec', 'a result is a new texture of the shape of the spec', () => ({
    result: asSpecified,
  })),
  wrongRows('are those of the host tensor', 'write() lays out what it gets, not what it writes to', () => ({
    write: (_, { shape }) => shape,
  })),
  wrongRows(
    'are remembered behind write()',
    'a tensor that a kernel wrote is read in its rows, also when the host has written since',
    () => remembering({ ofHost: true }),
  ),
  wrongRows(
    'are those of the first writer',
    'a tensor that is used again is read in the rows of the kernel that wrote it first',
    () => remembering({ ofLaterKernels: true }),
  ),
  wrongRows(
    'are those of the first run',
    'shapes are constants of a kernel that is compiled in its first run',
    () => ({}),
    ofFirstRun,
  ),
  wrongDriver(
    'reads back in the shape of the spec',
    'a tensor has the shape in which it was written last',
    ['law/reshapes'],
    (driver) => {
      const last = new WeakMap<DeviceTensor, Shape>();
      return {
        kernels: kernelsOf(driver, (provider, op) => ({
          ...provider,
          prepare(spec, weights) {
            const kernel = provider.prepare(spec, weights);
            const results = Object.entries((catalogue[op] as OpDefinition<never>).outputs(spec));
            return {
              ...kernel,
              run(io) {
                kernel.run(io);
                for (const [name, { shape }] of results) last.set(io[name]!, shape);
              },
            };
          },
        })),
        read: async (src) => ({ ...(await driver.read(src)), shape: last.get(src) ?? src.shape }) as Tensor,
      };
    },
  ),
  wrongDriver(
    'packs by the shape of the host tensor',
    'weights are packed in rows of the array that has them, and read in those of the spec',
    ['law/reshapes'],
    (driver) => {
      const made = packed(driver, () => ({}));
      const packs = (provider: KernelProvider<never>, op: OpName): KernelProvider<never> => ({
        ...provider,
        pack(spec, weights) {
          const wanted = (catalogue[op] as OpDefinition<never>).inputs(spec);
          const misreadAll = Object.entries(weights).map(
            ([name, weight]) => [name, misread(weight, wanted[name]!.shape)] as const,
          );
          return provider.pack!(spec, Object.fromEntries(misreadAll));
        },
      });
      return {
        ...made,
        kernels: kernelsOf({ ...driver, ...made }, packs, ['qgemm', 'qconv2d', 'gemm', 'conv2d']),
      };
    },
  ),
  wrongDriver(
    'region: has rows of the spec',
    'values of a region are laid out as they are described, and steps address them in rows of their spec',
    ['law/regions'],
    regional({ seen: misread }),
  ),
];
