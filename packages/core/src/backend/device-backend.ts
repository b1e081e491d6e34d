// Backends whose tensors live in memory of their own, behind a handle: an address in a heap, a buffer or texture of a device.
import type { OpName, OpSpecs } from '../ops/catalogue.ts';
import type { Tensor, TensorDesc } from '../tensor.ts';
import type {
  BackendDriver,
  DeviceTensor,
  HostIO,
  NumericClass,
  PackedWeights,
  Refusal,
} from './contract.ts';
import { driverOf, operandIsGone } from './driver.ts';
import type { CompileSteps } from './step-kernels.ts';

/** Handles of operands and results of one run, by the names of the op's definition. */
export type Handles<H> = Readonly<Record<string, H>>;

/** One op made ready for one spec, over handles. */
export interface HandleKernel<H> {
  readonly variant: string;
  /** Enqueues the work, or does it. */
  run(io: Handles<H>): void;
  dispose?(): void;
}

/** An op of a backend with memory of its own. */
export interface DeviceOp<H, Spec> {
  readonly supports?: (spec: Spec) => true | Refusal;
  /** Default: what the driver says of the op. */
  readonly numericClass?: NumericClass;
  /** Puts the packable operands into the kernel's layout; the arrays may change afterwards. */
  readonly pack?: (spec: Spec, weights: HostIO) => PackedWeights;
  readonly prepare: (spec: Spec, packed?: PackedWeights) => HandleKernel<H>;
}

export type DeviceOps<H> = { readonly [O in OpName]?: DeviceOp<H, OpSpecs[O]> };

/** How elements get into memory and back. Work that was enqueued before a copy is done before it. */
export interface DeviceMemory<H> {
  /** Room for a tensor, of unspecified contents. Throws HT_OUT_OF_MEMORY. */
  allocate(desc: TensorDesc): H;
  /** Called once for each handle. */
  free(handle: H): void;
  /** Copies before it returns. */
  write(handle: H, src: Tensor): void;
  /** A copy that is the caller's own. */
  read(handle: H, desc: TensorDesc): Tensor | Promise<Tensor>;
}

export interface DeviceDriverOptions<H> {
  readonly name: string;
  /** What runs the ops, in words. */
  readonly device: string;
  readonly memory: DeviceMemory<H>;
  readonly ops: DeviceOps<H>;
  readonly numericClass: (op: OpName) => NumericClass;
  /** Everything enqueued is done; deferred errors reject here. Default: work is done when it is enqueued. */
  readonly sync?: () => Promise<void>;
  /** Makes steps ready to run as one; see `BackendDriver.compile`. */
  readonly compile?: CompileSteps<HandleKernel<H>>;
  /** Frees what stands behind the ops, after everything else. */
  readonly dispose?: () => void | Promise<void>;
}

class HandleTensor<H> implements DeviceTensor {
  readonly dtype: TensorDesc['dtype'];
  readonly shape: readonly number[];
  readonly handle: H;
  #release: ((handle: H) => void) | undefined;

  constructor(desc: TensorDesc, handle: H, release: (handle: H) => void) {
    this.dtype = desc.dtype;
    this.shape = desc.shape;
    this.handle = handle;
    this.#release = release;
  }

  get disposed(): boolean {
    return this.#release === undefined;
  }

  dispose(): void {
    const release = this.#release;
    this.#release = undefined;
    release?.(this.handle);
  }
}

/** The driver of a backend with memory of its own: counters, disposal and the way from tensors to handles are supplied. */
export function deviceDriver<H>(options: DeviceDriverOptions<H>): BackendDriver {
  const { memory, ops, ...common } = options;
  const handleOf = (operand: string, tensor: DeviceTensor): H => {
    if (tensor instanceof HandleTensor && !tensor.disposed) return tensor.handle as H;
    throw operandIsGone(operand);
  };
  return driverOf<HandleKernel<H>>({
    ...common,
    forms: new Map(Object.entries(ops) as [OpName, DeviceOp<H, never>][]),
    tensor: (desc, released) =>
      new HandleTensor(desc, memory.allocate(desc), (handle) => {
        released();
        memory.free(handle);
      }),
    run(kernel, io) {
      const handles: Record<string, H> = {};
      for (const operand in io) handles[operand] = handleOf(operand, io[operand]!);
      kernel.run(handles);
    },
    write: (dst, src) => memory.write(handleOf('dst', dst), src),
    read: async (src) => memory.read(handleOf('src', src), src),
  });
}
