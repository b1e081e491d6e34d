// What every driver has, wherever its tensors live: its table of kernels, its counters, and disposal.
import { HalftoneError } from '../errors.ts';
import type { OpName } from '../ops/catalogue.ts';
import { byteSize, type TensorDesc } from '../tensor.ts';
import type {
  BackendDriver,
  DeviceIO,
  DeviceTensor,
  HostIO,
  KernelProvider,
  NumericClass,
  PackedWeights,
  Refusal,
} from './contract.ts';
import { CountedWeights } from './counted-weights.ts';
import { compileSteps, type CompileSteps, type KernelForm } from './step-kernels.ts';

/** A kernel of a driver, whatever it takes when it runs. */
export interface DriverKernel {
  readonly variant: string;
  dispose?(): void;
}

/** How an op of a driver is offered. */
interface DriverForm<K> extends KernelForm<K> {
  readonly supports?: (spec: never) => true | Refusal;
  readonly numericClass?: NumericClass;
}

/** What is a driver's own. */
export interface DriverParts<K> extends Pick<BackendDriver, 'name' | 'device' | 'write' | 'read'> {
  readonly forms: ReadonlyMap<OpName, DriverForm<K>>;
  readonly numericClass: (op: OpName) => NumericClass;
  readonly compile?: CompileSteps<K> | undefined;
  /** A tensor that calls `released` when it is disposed, once. */
  readonly tensor: (desc: TensorDesc, released: () => void) => DeviceTensor;
  readonly run: (kernel: K, io: DeviceIO) => void;
  readonly sync?: (() => Promise<void>) | undefined;
  readonly dispose?: (() => void | Promise<void>) | undefined;
}

/** The driver of these parts. */
export function driverOf<K extends DriverKernel>(parts: DriverParts<K>): BackendDriver {
  const { name, device, forms, compile, write, read } = parts;
  const counts = { liveTensors: 0, liveBytes: 0, packedBytes: 0 };
  let disposed = false;
  const kernels: { [O in OpName]?: KernelProvider<never> } = {};
  const numericClass: { [O in OpName]?: NumericClass } = {};
  for (const [op, form] of forms) {
    kernels[op] = provider(form, counts, parts.run);
    numericClass[op] = form.numericClass ?? parts.numericClass(op);
  }
  return {
    name,
    device,
    capabilities: Object.freeze({ numericClass: Object.freeze(numericClass) }),
    kernels: kernels as BackendDriver['kernels'],
    ...(compile ? { compile: (region) => compileSteps(region, forms, counts, compile) } : {}),
    alloc(desc) {
      if (disposed) throw new HalftoneError('HT_DISPOSED', `backend ${name} was disposed; open it again`);
      const bytes = byteSize(desc);
      const tensor = parts.tensor(desc, () => {
        counts.liveTensors--;
        counts.liveBytes -= bytes;
      });
      counts.liveTensors++;
      counts.liveBytes += bytes;
      return tensor;
    },
    write,
    read,
    sync: parts.sync ?? (async () => {}),
    stats: () => ({ ...counts }),
    async dispose() {
      if (disposed) return;
      disposed = true;
      await parts.dispose?.();
    },
  };
}

function provider<K extends DriverKernel>(
  form: DriverForm<K>,
  counts: { packedBytes: number },
  run: (kernel: K, io: DeviceIO) => void,
): KernelProvider<never> {
  const { pack } = form;
  return {
    supports: form.supports ?? (() => true),
    prepare(spec: never, packed?: PackedWeights) {
      const kernel = form.prepare(spec, packed instanceof CountedWeights ? packed.weights : packed);
      return {
        variant: kernel.variant,
        run: (io) => run(kernel, io),
        dispose: () => kernel.dispose?.(),
      };
    },
    ...(pack
      ? { pack: (spec: never, weights: HostIO) => new CountedWeights(pack(spec, weights), counts) }
      : {}),
  };
}

/** Refuses an operand that is not there any more, or is another backend's. */
export function operandIsGone(operand: string): HalftoneError {
  return new HalftoneError('HT_DISPOSED', `operand ${operand} was disposed, or is another backend's`, {
    operand,
  });
}
