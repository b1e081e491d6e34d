import { dtypes } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import type { OpName, OpSpecs } from '../ops/catalogue.ts';
import { byteSize, sizeOf, type Tensor, type TensorDesc } from '../tensor.ts';
import type {
  BackendDriver,
  BackendProvider,
  DeviceIO,
  DeviceTensor,
  HostIO,
  Kernel,
  KernelProvider,
  NumericClass,
  PackedWeights,
  Probe,
  Refusal,
} from './contract.ts';

/** An op over host memory: operands and results are typed arrays; results are written in place. */
export type HostOp<Spec> = (spec: Spec, io: HostIO) => void;

/** The long form of an op, for kernels that refuse some specs or have a name of their own. */
export interface HostOpObject<Spec> {
  readonly run: HostOp<Spec>;
  readonly supports?: (spec: Spec) => true | Refusal;
  readonly variant?: string;
  /** Default: exact for integer ops, f32-ieee for the others. */
  readonly numericClass?: NumericClass;
}

export interface HostBackendOptions<Options> {
  readonly name: string;
  /** What runs the ops, in words. */
  readonly device: string;
  readonly ops: { readonly [O in OpName]?: HostOp<OpSpecs[O]> | HostOpObject<OpSpecs[O]> };
  readonly numericClass: (op: OpName) => NumericClass;
  /** Default: available. */
  readonly probe?: (options?: Options) => Promise<Probe>;
}

class HostTensor implements DeviceTensor {
  readonly dtype;
  readonly shape;
  data: Tensor['data'] | undefined;
  readonly #release: () => void;

  constructor(desc: TensorDesc, release: () => void) {
    this.dtype = desc.dtype;
    this.shape = desc.shape;
    this.data = allocate(desc);
    this.#release = release;
  }

  get disposed(): boolean {
    return this.data === undefined;
  }

  dispose(): void {
    if (this.data === undefined) return;
    this.data = undefined;
    this.#release();
  }
}

function allocate(desc: TensorDesc): Tensor['data'] {
  try {
    return new dtypes[desc.dtype].Array(sizeOf(desc.shape));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new HalftoneError(
      'HT_OUT_OF_MEMORY',
      `no memory for ${byteSize(desc)} bytes ([${desc.shape.join(', ')}] of ${desc.dtype})`,
      { bytes: byteSize(desc) },
      { cause },
    );
  }
}

function hostView(name: string, tensor: DeviceTensor): Tensor {
  const data = tensor instanceof HostTensor ? tensor.data : undefined;
  if (data === undefined)
    throw new HalftoneError('HT_DISPOSED', `operand ${name} was disposed, or is another backend's`, {
      operand: name,
    });
  return { dtype: tensor.dtype, shape: tensor.shape, data } as Tensor;
}

/**
 * Makes a complete provider of plain functions over typed arrays: memory, counters, reading, writing and disposal are supplied.
 * A first backend of one op is its function and this call.
 */
export function hostBackend<Options = object>(
  options: HostBackendOptions<Options>,
): BackendProvider<Options> {
  return {
    spec: 'backend/1',
    name: options.name,
    probe: options.probe ?? (async () => ({ available: true, device: options.device })),
    create: async () => createDriver(options),
  };
}

function createDriver<Options>(options: HostBackendOptions<Options>): BackendDriver {
  let liveTensors = 0;
  let liveBytes = 0;
  let disposed = false;
  const kernels: { [O in OpName]?: KernelProvider<never> } = {};
  const numericClass: { [O in OpName]?: NumericClass } = {};
  for (const [name, entry] of Object.entries(options.ops) as [
    OpName,
    HostOp<never> | HostOpObject<never>,
  ][]) {
    const op: HostOpObject<never> = typeof entry === 'function' ? { run: entry } : entry;
    kernels[name] = kernelProvider(name, op);
    numericClass[name] = op.numericClass ?? options.numericClass(name);
  }
  return {
    name: options.name,
    device: options.device,
    capabilities: Object.freeze({ numericClass: Object.freeze(numericClass) }),
    kernels: kernels as BackendDriver['kernels'],
    alloc(desc) {
      if (disposed)
        throw new HalftoneError('HT_DISPOSED', `backend ${options.name} was disposed; open it again`);
      const bytes = byteSize(desc);
      const tensor = new HostTensor(desc, () => {
        liveTensors--;
        liveBytes -= bytes;
      });
      liveTensors++;
      liveBytes += bytes;
      return tensor;
    },
    write(dst, src) {
      (hostView('dst', dst).data as Float32Array).set(src.data as Float32Array);
    },
    async read(src) {
      const view = hostView('src', src);
      return { ...view, data: view.data.slice() } as Tensor;
    },
    sync: async () => {},
    stats: () => ({ liveTensors, liveBytes, packedBytes: 0 }),
    async dispose() {
      disposed = true;
    },
  };
}

function kernelProvider(name: string, op: HostOpObject<never>): KernelProvider<never> {
  return {
    supports: op.supports ?? (() => true),
    prepare(spec: never, _packed?: PackedWeights): Kernel {
      return {
        variant: op.variant ?? name,
        run(io: DeviceIO): void {
          const views: Record<string, Tensor> = {};
          for (const operand in io) views[operand] = hostView(operand, io[operand]!);
          op.run(spec, views);
        },
        dispose() {},
      };
    },
  };
}
