import { type DType, dtypes } from '../dtype.ts';
import { HalftoneError } from '../errors.ts';
import type { OpName, OpSpecs } from '../ops/catalogue.ts';
import { byteSize, sizeOf, type Tensor, type TensorDesc } from '../tensor.ts';
import type {
  BackendDriver,
  BackendProvider,
  DeviceIO,
  DeviceTensor,
  HostIO,
  NumericClass,
  PackedWeights,
  Probe,
  Refusal,
} from './contract.ts';
import { driverOf, operandIsGone } from './driver.ts';
import type { CompileSteps } from './step-kernels.ts';

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

/** An op that is made ready for each spec before it runs, for kernels that pack weights or keep memory of their own. */
export interface PreparedHostOp<Spec> {
  readonly supports?: (spec: Spec) => true | Refusal;
  readonly numericClass?: NumericClass;
  /** Puts the packable operands into the kernel's layout; the arrays may change afterwards. */
  readonly pack?: (spec: Spec, weights: HostIO) => PackedWeights;
  readonly prepare: (spec: Spec, packed?: PackedWeights) => HostKernel;
}

/** One op over host memory, made ready for one spec. */
export interface HostKernel {
  readonly variant: string;
  run(io: HostIO): void;
  dispose?(): void;
}

/** Where elements of tensors stand; without it, in ordinary typed arrays. */
export interface HostMemory {
  /** So many bytes, more than 0, of unspecified contents. Throws RangeError where there are not so many. */
  allocate(bytes: number): ArrayBuffer;
  /** The bytes are not used any more. */
  free(buffer: ArrayBuffer): void;
}

type AnyHostOp<Spec> = HostOp<Spec> | HostOpObject<Spec> | PreparedHostOp<Spec>;

/** Ops of a host backend: plain functions, or their longer forms. */
export type HostOps = { readonly [O in OpName]?: AnyHostOp<OpSpecs[O]> };

export interface HostDriverOptions {
  readonly name: string;
  /** What runs the ops, in words. */
  readonly device: string;
  readonly ops: HostOps;
  readonly numericClass: (op: OpName) => NumericClass;
  readonly memory?: HostMemory;
  /** Makes steps ready to run as one; see `BackendDriver.compile`. */
  readonly compile?: CompileSteps<HostKernel>;
  /** Frees what stands behind the ops, after everything else. */
  readonly dispose?: () => void;
}

export interface HostBackendOptions<Options> extends HostDriverOptions {
  /** Default: available. */
  readonly probe?: (options?: Options) => Promise<Probe>;
}

/** A host tensor is what kernels take for as long as it lives. */
class HostTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  data: Tensor['data'] | undefined;
  readonly #release: (data: Tensor['data']) => void;

  constructor(desc: TensorDesc, data: Tensor['data'], release: (data: Tensor['data']) => void) {
    this.dtype = desc.dtype;
    this.shape = desc.shape;
    this.data = data;
    this.#release = release;
  }

  get disposed(): boolean {
    return this.data === undefined;
  }

  dispose(): void {
    const { data } = this;
    if (data === undefined) return;
    this.data = undefined;
    this.#release(data);
  }
}

function allocate(desc: TensorDesc, memory: HostMemory | undefined): Tensor['data'] {
  const bytes = byteSize(desc);
  const { Array: Elements } = dtypes[desc.dtype];
  try {
    return memory && bytes > 0
      ? new Elements(memory.allocate(bytes), 0, sizeOf(desc.shape))
      : new Elements(sizeOf(desc.shape));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new HalftoneError(
      'HT_OUT_OF_MEMORY',
      `no memory for ${bytes} bytes ([${desc.shape.join(', ')}] of ${desc.dtype})`,
      { bytes },
      { cause },
    );
  }
}

/** The operands as kernels take them. Throws HT_DISPOSED for one that is not there any more, or is another backend's. */
function hostViews(io: DeviceIO): HostIO {
  for (const name in io) hostView(name, io[name]!);
  return io as unknown as HostIO;
}

function hostView(name: string, tensor: DeviceTensor): Tensor {
  if (!(tensor instanceof HostTensor) || tensor.data === undefined) throw operandIsGone(name);
  return tensor as Tensor;
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
    create: async () => hostDriver(options),
  };
}

/** The driver of a backend over host memory: what `hostBackend` makes, for providers whose ops depend on their options. */
export function hostDriver(options: HostDriverOptions): BackendDriver {
  const { memory, ops, ...common } = options;
  const entries = Object.entries(ops) as [OpName, AnyHostOp<never>][];
  return driverOf<HostKernel>({
    ...common,
    forms: new Map(entries.map(([op, entry]) => [op, preparedForm(op, entry)])),
    tensor: (desc, released) =>
      new HostTensor(desc, allocate(desc, memory), ({ buffer, byteLength }) => {
        released();
        if (memory && byteLength > 0) memory.free(buffer as ArrayBuffer);
      }),
    run: (kernel, io) => kernel.run(hostViews(io)),
    write(dst, src) {
      (hostView('dst', dst).data as Float32Array).set(src.data as Float32Array);
    },
    async read(src) {
      const { dtype, shape, data } = hostView('src', src);
      return { dtype, shape, data: data.slice() } as Tensor;
    },
  });
}

/** The longest form of an op, whatever it was given as. */
function preparedForm(name: OpName, entry: AnyHostOp<never>): PreparedHostOp<never> {
  const form: HostOpObject<never> | PreparedHostOp<never> =
    typeof entry === 'function' ? { run: entry } : entry;
  if ('prepare' in form) return form;
  const { run, variant = name, ...rest } = form;
  return { ...rest, prepare: (spec) => ({ variant, run: (io) => run(spec, io) }) };
}
