// One contestant at one case: made ready, checked, then run as often as the clock asks.
import {
  type Backend,
  catalogue,
  type DeviceTensor,
  type HostIO,
  numericClassOf,
  type OpDefinition,
  type PreparedOp,
  type Tensor,
} from '@halftone/core';
import { type Case, compare, operandsOf, resultsOf, tolerancesOf } from '@halftone/conformance';
import type { Subject } from './time.ts';

/** Milliseconds of what happens once. */
export interface Phases {
  /** Making the op or network ready, with its weights packed. */
  readonly pack: number;
  /** The first run, with all that is put off until then. */
  readonly firstRun: number;
  /** Of ops: bringing the other operands into the backend's memory. */
  readonly upload?: number;
  /** Of ops: bringing the results back. */
  readonly read?: number;
}

/** How results differ from the right ones. */
export interface Difference {
  readonly output: string;
  readonly wrong: number;
  readonly count: number;
  /** Largest distance; steps, where they are codes. */
  readonly largest: number;
}

/** A case with its operands and right results, made once for all contestants. */
export interface Task {
  readonly item: Case;
  readonly operands: HostIO;
  readonly expected: Readonly<Record<string, Tensor>>;
  /** How far each element may be from what is expected, where the op's formula leaves that open. */
  readonly tolerances: Readonly<Record<string, Float64Array>>;
}

/** How far float results of a peer may be, as a part of the largest magnitude: they add in another order. */
const SLIGHT_ERROR = 1 / 4096;

export class OpRun implements Subject {
  readonly phases: Phases;
  readonly #task: Task;
  readonly #backend: Backend;
  readonly #prepared: PreparedOp;
  readonly #io: Readonly<Record<string, DeviceTensor>>;
  #results: Readonly<Record<string, Tensor>>;

  private constructor(
    task: Task,
    backend: Backend,
    prepared: PreparedOp,
    io: Readonly<Record<string, DeviceTensor>>,
    results: Readonly<Record<string, Tensor>>,
    phases: Phases,
  ) {
    this.#task = task;
    this.#backend = backend;
    this.#prepared = prepared;
    this.#io = io;
    this.#results = results;
    this.phases = phases;
  }

  /** Makes the case ready on a backend and runs it once. Throws what the backend throws, with nothing left allocated. */
  static async open(backend: Backend, task: Task): Promise<OpRun> {
    const { item, operands } = task;
    const { packable = [] } = catalogue[item.op] as OpDefinition<Case['spec']>;
    const io: Record<string, DeviceTensor> = {};
    const weights = Object.fromEntries(packable.map((name) => [name, operands[name]!]));
    const clock = new Stopwatch();
    const prepared = backend.prepare(item.op, item.spec, weights);
    try {
      const pack = clock.lap();
      for (const name in operands) if (!packable.includes(name)) io[name] = backend.upload(operands[name]!);
      await backend.sync();
      const upload = clock.lap();
      const outputs = resultsOf(item);
      for (const name in outputs) io[name] = backend.alloc(outputs[name]!);
      clock.lap();
      prepared.run(io);
      await backend.sync();
      const firstRun = clock.lap();
      const results = await readAll(backend, io, Object.keys(outputs));
      const read = clock.lap();
      return new OpRun(task, backend, prepared, io, results, { pack, upload, firstRun, read });
    } catch (error) {
      prepared.dispose();
      for (const name in io) io[name]!.dispose();
      throw error;
    }
  }

  /** The kernel that ran, by its own name. */
  get variant(): string {
    return this.#prepared.variant;
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) this.#prepared.run(this.#io);
    await this.#backend.sync();
  }

  /** Reads the results of the last run again: a later run may go wrong where the first did not. */
  async reread(): Promise<void> {
    this.#results = await readAll(this.#backend, this.#io, Object.keys(this.#results));
  }

  /** How the results that were read last are wrong; undefined where they are right. */
  difference(): Difference | undefined {
    const { item, expected, tolerances } = this.#task;
    const declared = this.#backend.capabilities.numericClass[item.op] ?? 'exact';
    const numericClass = numericClassOf(item.op, item.spec, declared);
    for (const name in expected) {
      const [wanted, got] = [expected[name]!, this.#results[name]!];
      const mismatch = compare(name, wanted, got, numericClass, tolerances[name]);
      if (mismatch)
        return { output: name, wrong: mismatch.wrong, count: mismatch.count, largest: farthest(wanted, got) };
    }
    return undefined;
  }

  /** Whether a difference is one of rounding: a step of 8-bit codes, or the last bits of float sums. */
  isSlight({ output, largest }: Difference): boolean {
    const { dtype, data } = this.#task.expected[output]!;
    if (dtype === 'float32') return largest <= SLIGHT_ERROR * magnitude(data as Float32Array);
    return (dtype === 'int8' || dtype === 'uint8') && largest <= 1;
  }

  dispose(): void {
    this.#prepared.dispose();
    for (const name in this.#io) this.#io[name]!.dispose();
  }
}

/** The task of a case; `right` computes its results. */
export async function taskOf(
  item: Case,
  right: (item: Case) => Promise<Readonly<Record<string, Tensor>>>,
): Promise<Task> {
  const operands = operandsOf(item);
  return { item, operands, expected: await right(item), tolerances: tolerancesOf(item, operands) };
}

async function readAll(
  backend: Backend,
  io: Readonly<Record<string, DeviceTensor>>,
  names: readonly string[],
): Promise<Record<string, Tensor>> {
  const results: Record<string, Tensor> = {};
  for (const name of names) results[name] = await backend.read(io[name]!);
  return results;
}

function magnitude(data: Float32Array): number {
  return data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function farthest(wanted: Tensor, got: Tensor): number {
  let most = 0;
  for (let i = 0; i < wanted.data.length; i++) {
    const distance = Math.abs(Number(wanted.data[i]) - Number(got.data[i]));
    if (!(distance <= most)) most = distance;
  }
  return most;
}

/** Measures what happens one after the other. */
export class Stopwatch {
  #last = performance.now();

  /** Milliseconds since the lap before. */
  lap(): number {
    const now = performance.now();
    const passed = now - this.#last;
    this.#last = now;
    return passed;
  }
}
