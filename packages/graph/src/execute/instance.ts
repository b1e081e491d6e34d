import {
  type Backend,
  catalogue,
  type DeviceTensor,
  type PreparedOp,
  sizeOf,
  type Tensor,
} from '@halftone/core';
import { baseOf } from '../lower/lowering.ts';
import type { HostStep, KernelStep, Value } from '../lower/program.ts';
import type { Plan } from '../plan/plan.ts';
import { lastUses, TensorPool } from './memory.ts';

type Action = () => void | Promise<void>;

/**
 * A plan with its memory: kernels prepared, weights packed, every tensor allocated once and used again by later values
 * of the same size. Runs one batch at a time.
 */
export class Instance {
  readonly plan: Plan;
  readonly #actions: Action[] = [];
  readonly #prepared: PreparedOp[] = [];
  readonly #pool = new TensorPool();
  readonly #homes = new Map<Value, Map<Backend, DeviceTensor>>();
  readonly #hosted = new Map<Value, Tensor>();
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
    for (const action of this.#actions) {
      const pending = action();
      if (pending) await pending;
    }
    const results: [name: string, result: Tensor][] = [];
    for (const { name, value, shape } of program.outputs) {
      const found = value.constant ?? (await this.#fetch(baseOf(value)));
      const data = value.constant || this.#hosted.has(baseOf(value)) ? found.data.slice() : found.data;
      results.push([name, { dtype: found.dtype, shape, data } as Tensor]);
    }
    // as entries: an assignment to a value named `__proto__` would be lost
    return Object.fromEntries(results);
  }

  dispose(): void {
    for (const prepared of this.#prepared) prepared.dispose();
    for (const tensors of this.#constants.values()) for (const tensor of tensors.values()) tensor.dispose();
    this.#pool.dispose();
  }

  #build(): void {
    const { program, steps } = this.plan;
    const releases = lastUses(program);
    steps.forEach((planned, i) => {
      if ('backend' in planned) this.#buildKernel(planned.step, planned.backend);
      else this.#buildHost(planned.step);
      for (const value of releases[i]!) this.#release(value);
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

  #release(value: Value): void {
    for (const [backend, tensor] of this.#homes.get(value) ?? []) this.#pool.give(backend, tensor);
  }

  /** The value on the host, from the first backend that computed it. */
  async #fetch(base: Value, except?: Backend): Promise<Tensor> {
    const hosted = this.#hosted.get(base);
    if (hosted) return hosted;
    for (const [backend, tensor] of this.#homes.get(base) ?? []) {
      if (backend !== except) return await backend.read(tensor);
    }
    throw new Error(`value ${base.label} is read before it is computed`);
  }
}
