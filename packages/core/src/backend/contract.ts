// What the author of a backend writes. Users hold the `Backend` that `openBackend` makes of it.
import type { OpName, OpSpecs } from '../ops/catalogue.ts';
import type { Tensor, TensorDesc } from '../tensor.ts';
import type { Executable, Region } from './region.ts';

/** Default export of every backend package. */
export interface BackendProvider<Options = object> {
  readonly spec: 'backend/1';
  /** Lower-case name that users type, such as `native`. */
  readonly name: string;
  /** Configurations that conformance must run, such as each instruction set. */
  readonly variants?: readonly { readonly label: string; readonly options: Options }[];
  /** Options have `threads`, the number of threads that kernels may use: benchmarks run the backend with one and with all. */
  readonly threads?: boolean;
  /** Whether the backend can run here. Never throws. */
  probe(options?: Options): Promise<Probe>;
  create(options?: Options): Promise<BackendDriver>;
}

export type Probe =
  | { readonly available: true; readonly device: string }
  /** `reason` says what is missing and how to get it. */
  | { readonly available: false; readonly reason: string };

/** How exact the results of an op are; see section 4 of the architecture. */
export type NumericClass = 'exact' | 'f32-ieee' | 'f32-relaxed';

/** What a backend is: frozen, JSON-serialisable data. */
export interface Capabilities {
  readonly numericClass: { readonly [O in OpName]?: NumericClass };
  readonly limits?: Readonly<Record<string, number>>;
}

/** Why an op is not offered for a spec. */
export interface Refusal {
  readonly reason: string;
}

/**
 * Elements in the backend's own memory: dense, row-major. A run may bring a tensor of another shape with as many elements than
 * its spec says: elements keep their order, and `shape` stays as it was allocated.
 */
export interface DeviceTensor extends TensorDesc {
  readonly disposed: boolean;
  dispose(): void;
}

/** Weights in a kernel's own layout; used for any number of rows. */
export interface PackedWeights {
  readonly layout: string;
  readonly byteLength: number;
  dispose(): void;
}

/** Operands and results of one run, by the names of the op's definition. */
export type DeviceIO = Readonly<Record<string, DeviceTensor>>;
export type HostIO = Readonly<Record<string, Tensor>>;

/** One op made ready for one spec. */
export interface Kernel {
  /** Name of the code that runs, for `explain()` and benchmarks. */
  readonly variant: string;
  /** Puts the work on the backend's one in-order timeline and returns. */
  run(io: DeviceIO): void;
  dispose(): void;
}

export interface KernelProvider<Spec> {
  /** True promises that `prepare` and `run` work for this spec. */
  supports(spec: Spec): true | Refusal;
  /** Puts the packable operands of the spec into the kernel's layout; host arrays may change afterwards. */
  pack?(spec: Spec, weights: HostIO): PackedWeights;
  prepare(spec: Spec, packed?: PackedWeights): Kernel;
}

export type KernelTable = { readonly [O in OpName]?: KernelProvider<OpSpecs[O]> };

export interface BackendStats {
  readonly liveTensors: number;
  readonly liveBytes: number;
  readonly packedBytes: number;
}

export interface BackendDriver {
  readonly name: string;
  readonly device: string;
  readonly capabilities: Capabilities;
  alloc(desc: TensorDesc): DeviceTensor;
  /** Copies before it returns. */
  write(dst: DeviceTensor, src: Tensor): void;
  /** The only way back. */
  read(src: DeviceTensor): Promise<Tensor>;
  /** Everything enqueued is done; deferred errors reject here. */
  sync(): Promise<void>;
  stats(): BackendStats;
  readonly kernels: KernelTable;
  /** Makes steps, each of which `supports` took, ready to run as one. Without it they run one by one. */
  compile?(region: Region): Executable | Refusal;
  dispose(): Promise<void>;
}
