// What peers share: tensors in host memory, and one timeline that also takes work of promises.
import {
  type BackendDriver,
  byteSize,
  type DeviceIO,
  type DeviceTensor,
  type DType,
  dtypes,
  type KernelProvider,
  type KernelTable,
  type NumericClass,
  type OpName,
  type OpSpecs,
  type Refusal,
  sizeOf,
  type Tensor,
  type TensorDesc,
} from '@halftone/core';

/** A tensor whose elements a peer may exchange for others of its own making. */
export class PeerTensor implements DeviceTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Goes up with each write: what was derived from the elements is then stale. */
  version = 0;
  disposed = false;
  /** Brings the elements back, where they are not here yet. */
  fetch: (() => Promise<Tensor['data']>) | undefined;
  #data: Tensor['data'] | undefined;
  readonly #release: () => void;

  constructor({ dtype, shape }: TensorDesc, release: () => void) {
    this.dtype = dtype;
    this.shape = shape;
    this.#release = release;
  }

  get data(): Tensor['data'] {
    this.#data ??= new dtypes[this.dtype].Array(sizeOf(this.shape));
    return this.#data;
  }

  set data(data: Tensor['data']) {
    this.#data = data;
  }

  /** The elements as they are now, not copied. */
  get tensor(): Tensor {
    return { dtype: this.dtype, shape: this.shape, data: this.data } as Tensor;
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.#data = undefined;
    this.fetch = undefined;
    this.#release();
  }
}

/** Work in the order in which it was asked for; the first error waits for `settled`. */
export class Timeline {
  #tail: Promise<void> = Promise.resolve();
  #error: { readonly cause: unknown } | undefined;

  enqueue(work: () => Promise<void> | void): void {
    this.#tail = this.#tail.then(async () => {
      if (this.#error) return;
      try {
        await work();
      } catch (cause) {
        this.#error = { cause };
      }
    });
  }

  /** Waits for everything that was enqueued. Throws what the work threw. */
  async settled(): Promise<void> {
    await this.#tail;
    const error = this.#error;
    this.#error = undefined;
    if (error) throw error.cause;
  }
}

/** One op of a peer, made ready. */
export interface PeerKernel {
  readonly variant: string;
  run(io: DeviceIO): Promise<void>;
  dispose(): Promise<void> | void;
}

/** How a peer writes each op, or why it does not. */
export type Forms<Form> = { readonly [O in OpName]?: (spec: OpSpecs[O]) => Form | Refusal };

/** Kernels that run on a timeline, of what a peer writes for each op. */
export function kernelTable<Form extends object>(
  forms: Forms<Form>,
  timeline: Timeline,
  make: (form: Form) => PeerKernel,
): KernelTable {
  const table: { [O in OpName]?: KernelProvider<never> } = {};
  for (const [op, formOf] of Object.entries(forms) as [OpName, (spec: never) => Form | Refusal][])
    table[op] = {
      supports(spec) {
        const form = formOf(spec);
        return 'reason' in form ? form : true;
      },
      prepare(spec) {
        const kernel = make(formOf(spec) as Form);
        return {
          variant: kernel.variant,
          run: (io) => timeline.enqueue(() => kernel.run(io)),
          dispose: () => timeline.enqueue(() => kernel.dispose()),
        };
      },
    };
  return table as KernelTable;
}

export interface PeerOptions {
  readonly name: string;
  readonly device: string;
  readonly kernels: KernelTable;
  readonly timeline: Timeline;
  readonly numericClass: { readonly [O in OpName]?: NumericClass };
  /** Waits for work that goes on after the timeline has handed it over. */
  readonly fence?: () => Promise<void>;
}

/** The driver of a peer over host memory. */
export function peerDriver(options: PeerOptions): BackendDriver {
  const { name, device, kernels, timeline, numericClass, fence } = options;
  let liveTensors = 0;
  let liveBytes = 0;
  return {
    name,
    device,
    capabilities: { numericClass },
    kernels,
    alloc(desc) {
      const bytes = byteSize(desc);
      liveTensors++;
      liveBytes += bytes;
      return new PeerTensor(desc, () => {
        liveTensors--;
        liveBytes -= bytes;
      });
    },
    write(dst, src) {
      const held = dst as PeerTensor;
      const copy = src.data.slice();
      timeline.enqueue(() => {
        held.data = copy;
        held.version++;
      });
    },
    async read(src) {
      await timeline.settled();
      const held = src as PeerTensor;
      if (held.fetch) held.data = await held.fetch();
      const { tensor } = held;
      return { ...tensor, data: tensor.data.slice() } as Tensor;
    },
    async sync() {
      await timeline.settled();
      await fence?.();
    },
    stats: () => ({ liveTensors, liveBytes, packedBytes: 0 }),
    dispose: () => timeline.settled(),
  };
}
