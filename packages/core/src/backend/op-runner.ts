import { HalftoneError } from '../errors.ts';
import { catalogue, type OpName, type OpSpecs } from '../ops/catalogue.ts';
import type { Descs, OpDefinition } from '../ops/definition.ts';
import { byteSize, sizeOf, type Tensor, type TensorDesc } from '../tensor.ts';
import type {
  BackendDriver,
  BackendStats,
  Capabilities,
  DeviceIO,
  DeviceTensor,
  HostIO,
  Kernel,
  KernelProvider,
  PackedWeights,
  Refusal,
} from './contract.ts';
import { checkRegion, checkRegionInputs, type Executable, type Region } from './region.ts';

/** An op made ready on a backend, with the weights it was given. */
export interface PreparedOp {
  readonly op: OpName;
  readonly variant: string;
  /** Enqueues one run. Throws HT_INVALID_ARGUMENT, HT_DTYPE_MISMATCH, HT_SHAPE_MISMATCH or HT_DISPOSED for operands that do not fit. */
  run(io: DeviceIO): void;
  dispose(): void;
}

/** Kernels kept for one-shot calls; the least recently used goes first. */
const CACHED_KERNELS = 64;

/**
 * Runs the ops of a driver: every call is validated here once, so drivers see only valid ones.
 * All operands of a run belong to this backend; disposal is explicit.
 */
export class OpRunner {
  readonly name: string;
  readonly device: string;
  readonly capabilities: Capabilities;
  readonly #driver: BackendDriver;
  readonly #owned = new WeakSet<DeviceTensor>();
  readonly #cache = new Map<string, PreparedOp>();
  #disposed = false;

  constructor(driver: BackendDriver) {
    this.#driver = driver;
    this.name = driver.name;
    this.device = driver.device;
    this.capabilities = driver.capabilities;
  }

  /** Whether `op` runs here for this spec, and if not, why. Throws for a spec that describes no computation. */
  supports<O extends OpName>(op: O, spec: OpSpecs[O]): true | Refusal {
    definition(op).check(spec);
    const provider = this.#provider(op);
    return provider ? provider.supports(spec) : { reason: `${this.name} has no ${op}` };
  }

  /** Whether the backend has kernels of its own for an op; which specs they take, `supports` says. */
  has(op: OpName): boolean {
    return this.#provider(op) !== undefined;
  }

  /** Allocates a tensor of unspecified contents in the backend's memory; the caller disposes it. */
  alloc(desc: TensorDesc): DeviceTensor {
    this.#alive();
    sizeOf(desc.shape);
    const tensor = this.#driver.alloc(desc);
    this.#owned.add(tensor);
    return tensor;
  }

  /** Copies a host tensor into `dst`; the host array may change afterwards. */
  write(dst: DeviceTensor, src: Tensor): void {
    this.#alive();
    this.#checkOperand('write', 'dst', src, dst);
    this.#driver.write(dst, src);
  }

  /** Allocates a tensor with the contents of `src`. */
  upload(src: Tensor): DeviceTensor {
    const dst = this.alloc(src);
    try {
      this.write(dst, src);
      return dst;
    } catch (error) {
      dst.dispose();
      throw error;
    }
  }

  /** Brings a tensor back, after everything that was enqueued before. */
  async read(src: DeviceTensor): Promise<Tensor> {
    this.#alive();
    this.#checkOperand('read', 'src', src, src);
    return await this.#driver.read(src);
  }

  async sync(): Promise<void> {
    this.#alive();
    await this.#driver.sync();
  }

  stats(): BackendStats {
    return this.#driver.stats();
  }

  /**
   * Makes an op ready for many runs. `weights`: packable operands that stay the same, packed or uploaded once;
   * they are left out of each run. Throws HT_UNSUPPORTED with the backend's reason.
   */
  prepare<O extends OpName>(op: O, spec: OpSpecs[O], weights: HostIO = {}): PreparedOp {
    this.#alive();
    const def = definition(op);
    const refusal = this.supports(op, spec);
    const provider = this.#provider(op);
    if (refusal !== true || provider === undefined) {
      const reason = refusal === true ? 'no kernel' : refusal.reason;
      throw unsupported(op, spec, this.name, reason);
    }
    const inputs = def.inputs(spec);
    for (const name in weights) checkWeight(op, name, def, inputs, weights[name]!);
    let packed: PackedWeights | undefined;
    const fixed: Record<string, DeviceTensor> = {};
    const names = Object.keys(weights);
    try {
      if (provider.pack && names.length > 0 && names.length === def.packable?.length)
        packed = provider.pack(spec, weights);
      else for (const name of names) fixed[name] = this.upload(weights[name]!);
      const kernel = provider.prepare(spec, packed);
      const expected: Record<string, TensorDesc> = { ...inputs, ...def.outputs(spec) };
      for (const name of names) delete expected[name];
      return this.#prepared(op, kernel, expected, Object.keys(def.outputs(spec)), fixed, packed);
    } catch (error) {
      packed?.dispose();
      for (const name in fixed) fixed[name]!.dispose();
      throw error;
    }
  }

  #prepared(
    op: OpName,
    kernel: Kernel,
    expected: Descs,
    outputs: readonly string[],
    fixed: Record<string, DeviceTensor>,
    packed?: PackedWeights,
  ): PreparedOp {
    let disposed = false;
    const hasFixed = Object.keys(fixed).length > 0;
    // What was right in the last run is right again: descriptions of tensors do not change.
    const accepted: Record<string, DeviceTensor> = {};
    return {
      op,
      variant: kernel.variant,
      run: (io) => {
        this.#alive();
        if (disposed) throw new HalftoneError('HT_DISPOSED', `${op} was disposed; prepare it again`, { op });
        for (const name in expected) {
          const operand = io[name];
          if (operand === undefined)
            throw new HalftoneError('HT_INVALID_ARGUMENT', `${op}: operand ${name} is missing`, {
              op,
              operand: name,
            });
          if (operand === accepted[name] && !operand.disposed) continue;
          this.#checkOperand(op, name, expected[name]!, operand);
          accepted[name] = operand;
        }
        checkNames(op, io, expected, outputs);
        kernel.run(hasFixed ? { ...io, ...fixed } : io);
      },
      dispose() {
        if (disposed) return;
        disposed = true;
        kernel.dispose();
        packed?.dispose();
        for (const name in fixed) fixed[name]!.dispose();
      },
    };
  }

  /**
   * Makes steps ready to run as one, where the backend can; otherwise says why not, and they run one by one.
   * Throws as `checkRegion` for a region that makes no sense, HT_UNSUPPORTED for a step that does not run here.
   */
  compile(region: Region): Executable | Refusal {
    this.#alive();
    checkRegion(region);
    if (this.#driver.compile === undefined) return { reason: `${this.name} runs steps one by one` };
    for (const { op, spec } of region.steps) {
      const answer = this.supports(op, spec);
      if (answer !== true) throw unsupported(op, spec, this.name, answer.reason);
    }
    const compiled = this.#driver.compile(region);
    if ('reason' in compiled) return compiled;
    let disposed = false;
    return {
      variant: compiled.variant,
      run: (inputs) => {
        this.#alive();
        if (disposed) throw new HalftoneError('HT_DISPOSED', 'the region was disposed; compile it again');
        checkRegionInputs(region, inputs);
        return compiled.run(inputs);
      },
      dispose() {
        if (disposed) return;
        disposed = true;
        compiled.dispose();
      },
    };
  }

  /** Runs an op once on host tensors and gives its results. For many runs of one spec use `prepare`. */
  async call<O extends OpName>(op: O, spec: OpSpecs[O], inputs: HostIO): Promise<Record<string, Tensor>> {
    this.#alive();
    const prepared = this.#cached(op, spec);
    const io: Record<string, DeviceTensor> = {};
    try {
      const expected = definition(op).inputs(spec);
      for (const name in inputs) {
        const desc = expected[name];
        if (desc === undefined)
          throw new HalftoneError('HT_INVALID_ARGUMENT', `${op} has no operand ${name}`, {
            op,
            operand: name,
          });
        checkDesc(op, name, desc, inputs[name]!);
        io[name] = this.upload(inputs[name]!);
      }
      const outputs = definition(op).outputs(spec);
      for (const name in outputs) io[name] = this.alloc(outputs[name]!);
      prepared.run(io);
      const results: Record<string, Tensor> = {};
      for (const name in outputs) results[name] = await this.read(io[name]!);
      return results;
    } finally {
      for (const name in io) io[name]!.dispose();
    }
  }

  /** Frees the backend; pending work is done first. Its tensors and prepared ops must not be used afterwards. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    for (const prepared of this.#cache.values()) prepared.dispose();
    this.#cache.clear();
    this.#disposed = true;
    await this.#driver.dispose();
  }

  #cached<O extends OpName>(op: O, spec: OpSpecs[O]): PreparedOp {
    const key = `${op} ${JSON.stringify(spec, finite)}`;
    const found = this.#cache.get(key);
    const prepared = found ?? this.prepare(op, spec);
    this.#cache.delete(key);
    this.#cache.set(key, prepared);
    if (this.#cache.size > CACHED_KERNELS) {
      const [oldest, entry] = this.#cache.entries().next().value!;
      this.#cache.delete(oldest);
      entry.dispose();
    }
    return prepared;
  }

  #provider<O extends OpName>(op: O): KernelProvider<OpSpecs[O]> | undefined {
    return this.#driver.kernels[op] as KernelProvider<OpSpecs[O]> | undefined;
  }

  #alive(): void {
    if (this.#disposed)
      throw new HalftoneError('HT_DISPOSED', `backend ${this.name} was disposed; open it again`, {
        backend: this.name,
      });
  }

  #checkOperand(op: string, name: string, desc: TensorDesc, operand: DeviceTensor): void {
    if (operand.disposed)
      throw new HalftoneError('HT_DISPOSED', `${op}: operand ${name} was disposed`, { op, operand: name });
    if (!this.#owned.has(operand)) {
      throw new HalftoneError(
        'HT_INVALID_ARGUMENT',
        `${op}: operand ${name} belongs to another backend; read it there and write it here`,
        { op, operand: name },
      );
    }
    checkDesc(op, name, desc, operand);
  }
}

function unsupported(op: OpName, spec: object, backend: string, reason: string): HalftoneError {
  return new HalftoneError('HT_UNSUPPORTED', `${op} on ${backend}: ${reason}; use another backend for it`, {
    op,
    spec,
    backend,
  });
}

function definition<O extends OpName>(op: O): OpDefinition<OpSpecs[O]> {
  const def = Object.hasOwn(catalogue, op) ? catalogue[op] : undefined;
  if (def === undefined)
    throw new HalftoneError('HT_INVALID_ARGUMENT', `no op is called ${String(op)}`, { op });
  return def as OpDefinition<OpSpecs[O]>;
}

// Shapes are compared by their number of elements: memory is dense, and a spec says how it is read.
function checkDesc(op: string, name: string, expected: TensorDesc, got: TensorDesc): void {
  if (expected.dtype !== got.dtype) {
    throw new HalftoneError(
      'HT_DTYPE_MISMATCH',
      `${op}: operand ${name} is ${got.dtype}, ${expected.dtype} is needed`,
      { op, operand: name },
    );
  }
  if (sizeOf(expected.shape) !== sizeOf(got.shape)) {
    throw new HalftoneError(
      'HT_SHAPE_MISMATCH',
      `${op}: operand ${name} is [${got.shape.join(', ')}], [${expected.shape.join(', ')}] is needed`,
      { op, operand: name, expected: expected.shape, got: got.shape },
    );
  }
}

function checkWeight<S>(op: string, name: string, def: OpDefinition<S>, inputs: Descs, weight: Tensor): void {
  const desc = def.packable?.includes(name) ? inputs[name] : undefined;
  if (desc === undefined)
    throw new HalftoneError('HT_INVALID_ARGUMENT', `${op}: ${name} is not a weight operand`, {
      op,
      operand: name,
    });
  checkDesc(op, name, desc, weight);
  if (weight.data.length * weight.data.BYTES_PER_ELEMENT !== byteSize(desc)) {
    throw new HalftoneError('HT_SHAPE_MISMATCH', `${op}: the data of ${name} do not fill its shape`, {
      op,
      operand: name,
    });
  }
}

function checkNames(op: string, io: DeviceIO, expected: Descs, outputs: readonly string[]): void {
  for (const name in io) {
    if (expected[name] === undefined)
      throw new HalftoneError('HT_INVALID_ARGUMENT', `${op} takes no operand ${name} here`, {
        op,
        operand: name,
      });
  }
  for (const output of outputs) {
    for (const name in io) {
      if (name !== output && io[name] === io[output]) {
        throw new HalftoneError(
          'HT_INVALID_ARGUMENT',
          `${op}: ${output} and ${name} are one tensor; results need their own`,
          { op, operand: name },
        );
      }
    }
  }
}

// JSON has no infinities, and clamps do.
function finite(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}
