import {
  type Backend,
  catalogue,
  type DeviceTensor,
  type Executable,
  type PreparedOp,
  sizeOf,
  type Tensor,
} from '@halftone/core';
import { baseOf } from '../lower/lowering.ts';
import type { HostStep, KernelStep, Value } from '../lower/program.ts';
import type { Plan } from '../plan/plan.ts';
import { lastUses, TensorPool } from './memory.ts';
import { readersAfter, regionOf, type RegionOfValues, segmentsOf } from './regions.ts';

type Action = () => void | Promise<void>;

/**
 * A plan with its memory: regions compiled where their backend can; else kernels prepared, weights packed, every tensor
 * allocated once and used again by later values of the same size. Runs one batch at a time.
 */
export class Instance {
  readonly plan: Plan;
  readonly #actions: Action[] = [];
  readonly #prepared: (PreparedOp | Executable)[] = [];
  readonly #pool = new TensorPool();
  readonly #homes = new Map<Value, Map<Backend, DeviceTensor>>();
  readonly #hosted = new Map<Value, Tensor>();
  /** Results of regions in this run, which nobody else has. */
  readonly #given = new Set<Tensor>();
  readonly #constants = new Map<Backend, Map<Tensor, DeviceTensor>>();

  constructor(plan: Plan) {
    this.plan = plan;
    try {
      this.#build();
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Feeds by input name, of the shapes that the plan was made for. */
  async run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const { program } = this.plan;
    for (const [name, value] of program.inputs) this.#hosted.set(value, feeds[name]!);
    try {
      for (const action of this.#actions) {
        const pending = action();
        if (pending) await pending;
      }
      const results: [name: string, result: Tensor][] = [];
      for (const { name, value, shape } of program.outputs) {
        const held = value.constant ?? this.#hosted.get(baseOf(value));
        const found = held ?? (await this.#fetch(baseOf(value)));
        // What was read for the caller is the caller's; so is what a region gave, once.
        const own = held === undefined || this.#given.delete(found);
        const data = own ? found.data : found.data.slice();
        results.push([name, { dtype: found.dtype, shape, data } as Tensor]);
      }
      // as entries: an assignment to a value named `__proto__` would be lost
      return Object.fromEntries(results);
    } finally {
      this.#hosted.clear();
      this.#given.clear();
    }
  }

  dispose(): void {
    for (const prepared of this.#prepared) prepared.dispose();
    for (const tensors of this.#constants.values()) for (const tensor of tensors.values()) tensor.dispose();
    this.#pool.dispose();
  }

  #build(): void {
    const { program, steps } = this.plan;
    const releases = lastUses(program);
    const readAfter = readersAfter(program);
    for (const segment of segmentsOf(steps)) {
      const { first } = segment;
      if ('host' in segment) {
        this.#buildHost(segment.host);
        this.#release(releases[first]!);
        continue;
      }
      const { backend, steps: kernels } = segment;
      const end = first + kernels.length;
      const values = regionOf(kernels, readAfter(end));
      const compiled = backend.compile(values.region);
      if ('reason' in compiled) {
        for (const [i, step] of kernels.entries()) {
          this.#buildKernel(step, backend);
          this.#release(releases[first + i]!);
        }
      } else {
        const done = releases.slice(first, end).flat();
        this.#buildRegion(compiled, values, done);
        this.#release(done);
      }
    }
  }

  /** `done`: what nothing reads after the region. */
  #buildRegion(executable: Executable, { inputs, outputs }: RegionOfValues, done: readonly Value[]): void {
    this.#prepared.push(executable);
    const spent = inputs.filter((value) => done.includes(value));
    const take = (results: readonly Tensor[]): void => {
      for (const [i, result] of results.entries()) {
        this.#hosted.set(outputs[i]!, result);
        this.#given.add(result);
      }
      for (const value of spent) this.#forget(value);
    };
    const run = (operands: readonly Tensor[]): void | Promise<void> => {
      const results = executable.run(operands);
      return results instanceof Promise ? results.then(take) : take(results);
    };
    this.#actions.push(() => {
      const here = inputs.map((value) => this.#hosted.get(value));
      if (here.every((tensor) => tensor !== undefined)) return run(here);
      return Promise.all(inputs.map((value) => this.#fetch(value))).then(run);
    });
  }

  #buildKernel(step: KernelStep, backend: Backend): void {
    const packable = catalogue[step.op].packable ?? [];
    const fixed = packable.every((name) => step.inputs[name]?.constant !== undefined) ? packable : [];
    const weights = Object.fromEntries(fixed.map((name) => [name, step.inputs[name]!.constant!]));
    const prepared = backend.prepare(step.op, step.spec, weights);
    this.#prepared.push(prepared);
    const io: Record<string, DeviceTensor> = {};
    for (const [name, value] of Object.entries(step.inputs)) {
      if (!fixed.includes(name)) io[name] = this.#operand(value, backend);
    }
    for (const [name, value] of Object.entries(step.outputs)) io[name] = this.#place(value, backend);
    this.#actions.push(() => prepared.run(io));
  }

  #buildHost(step: HostStep): void {
    this.#actions.push(async () => {
      const inputs: Tensor[] = [];
      for (const value of step.inputs) inputs.push(value.constant ?? (await this.#fetch(baseOf(value))));
      this.#hosted.set(step.output, step.compute(...inputs));
    });
  }

  /** A device tensor that holds the value when the step runs; adds the copy that brings it there. */
  #operand(value: Value, backend: Backend): DeviceTensor {
    if (value.constant) return this.#constant(value.constant, backend);
    const base = baseOf(value);
    const found = this.#homes.get(base)?.get(backend);
    if (found) return found;
    const tensor = this.#place(base, backend);
    this.#actions.push(() => {
      const hosted = this.#hosted.get(base);
      if (hosted) return backend.write(tensor, hosted);
      return this.#fetch(base, backend).then((fetched) => backend.write(tensor, fetched));
    });
    return tensor;
  }

  #constant(tensor: Tensor, backend: Backend): DeviceTensor {
    let tensors = this.#constants.get(backend);
    if (tensors === undefined) this.#constants.set(backend, (tensors = new Map()));
    let found = tensors.get(tensor);
    if (found === undefined) tensors.set(tensor, (found = backend.upload(tensor)));
    return found;
  }

  #place(value: Value, backend: Backend): DeviceTensor {
    const tensor = this.#pool.take(backend, value.dtype, sizeOf(value.shape));
    const homes = this.#homes.get(value);
    if (homes) homes.set(backend, tensor);
    else this.#homes.set(value, new Map([[backend, tensor]]));
    return tensor;
  }

  #release(values: readonly Value[]): void {
    for (const value of values)
      for (const [backend, tensor] of this.#homes.get(value) ?? []) this.#pool.give(backend, tensor);
  }

  /** Lets go of what this run holds of a value on the host. */
  #forget(value: Value): void {
    const held = this.#hosted.get(value);
    if (held === undefined) return;
    this.#hosted.delete(value);
    this.#given.delete(held);
  }

  /** The value on the host, from the first backend that computed it. */
  async #fetch(base: Value, except?: Backend): Promise<Tensor> {
    const hosted = this.#hosted.get(base);
    if (hosted) return hosted;
    for (const [backend, tensor] of this.#homes.get(base) ?? []) {
      if (backend === except) continue;
      return await backend.read(tensor);
    }
    throw new Error(`value ${base.label} is read before it is computed`);
  }
}
