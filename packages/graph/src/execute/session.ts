import { type Backend, HalftoneError, sizeOf, type Tensor } from '@halftone/core';
import { type Arithmetic, arithmeticOf, type ArithmeticOptions } from '../arithmetic.ts';
import type { Graph } from '../ir.ts';
import { lower, requireOperators } from '../lower/lower.ts';
import { prepareInteger } from '../passes/index.ts';
import { hasBranches } from '../passes/branches.ts';
import { requireIntegerOnly } from '../plan/integer-only.ts';
import { type Plan, plan, type PlanRow } from '../plan/plan.ts';
import { Instance } from './instance.ts';
import { resolveBranches } from './resolve-branches.ts';
import { bindInputs, shapeInputs } from './shape-inputs.ts';

export interface SessionOptions extends ArithmeticOptions {
  /** In order of preference; the session uses them and does not dispose them. */
  readonly backends: readonly Backend[];
  /** Every op must run on the first backend. */
  readonly strict?: boolean | undefined;
  /** Refuse a model whose results may differ between machines. */
  readonly exact?: boolean | undefined;
}

/** Elements of an input that decides shapes; one with more is data, and shapes that depend on data are not planned. */
const MOST_BOUND = 1024;

/** Plans kept for different input shapes; the least recently used goes first. */
const KEPT_INSTANCES = 2;

type Feeds = Readonly<Record<string, Tensor>>;

/** A model ready to run. Runs are done one after the other, also when they are asked for at once. */
export class GraphSession {
  /** Names of the inputs that `run` needs. */
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #graph: Graph;
  readonly #options: SessionOptions;
  readonly #arithmetic: Arithmetic;
  readonly #instances = new Map<string, Instance>();
  /** Inputs whose elements decide shapes: a plan holds for one value of them. */
  readonly #bound: readonly string[];
  #last: Plan | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #disposed = false;

  /**
   * Throws HT_UNSUPPORTED naming every node that cannot run. Named axes are taken as 1 until a run says more; a model with
   * an input whose elements decide shapes is planned when it first runs.
   */
  constructor(graph: Graph, options: SessionOptions) {
    this.#graph = prepareInteger(graph, { keepBlocks: !options.exact });
    this.inputNames = this.#graph.inputs.map((input) => input.name);
    this.outputNames = this.#graph.outputs.map((output) => output.name);
    this.#options = options;
    this.#arithmetic = arithmeticOf(options);
    this.#bound = shapeInputs(this.#graph);
    if (this.#bound.length > 0) {
      requireOperators({ ...this.#graph, nodes: this.#graph.nodes.filter((node) => !hasBranches(node)) });
      return;
    }
    const shapes = this.#graph.inputs.map(({ shape }) =>
      (shape ?? []).map((extent) => (typeof extent === 'number' ? extent : 1)),
    );
    this.#last = this.#instance(shapes, []).plan;
  }

  /**
   * True where every node computes the bits of its formula: the same results on every machine.
   * Throws HT_INVALID_ARGUMENT as `explain`.
   */
  get exact(): boolean {
    return this.#planned().exact;
  }

  /**
   * Which backend runs each node, and why; of the shapes that ran last.
   * Throws HT_INVALID_ARGUMENT before the first run of a model with an input whose elements decide shapes.
   */
  explain(): readonly PlanRow[] {
    return this.#planned().explain();
  }

  /**
   * Runs the model on host tensors by input name; results are the caller's own.
   * Throws HT_INVALID_ARGUMENT for missing or unknown inputs, HT_DTYPE_MISMATCH, HT_SHAPE_MISMATCH.
   */
  async run(feeds: Feeds): Promise<Record<string, Tensor>> {
    this.#alive();
    this.#checkFeeds(feeds);
    const before = this.#queue;
    const result = (async () => {
      await before.catch(() => {});
      this.#alive();
      const instance = this.#instance(
        this.inputNames.map((name) => feeds[name]!.shape),
        this.#bound.map((name) => feeds[name]!),
      );
      this.#last = instance.plan;
      return await instance.run(feeds);
    })();
    this.#queue = result.catch(() => {});
    return await result;
  }

  /** Frees memory and kernels after the runs under way; the backends stay open. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#queue;
    for (const instance of this.#instances.values()) instance.dispose();
    this.#instances.clear();
  }

  /** By the shapes of all inputs, and the inputs whose elements decide shapes. */
  #instance(shapes: readonly (readonly number[])[], bound: readonly Tensor[]): Instance {
    let key = '';
    for (const shape of shapes) key += `${shape.join(' ')};`;
    for (const { data } of bound) key += `${data.join(' ')};`;
    const instance = this.#instances.get(key) ?? this.#newInstance(shapes, bound);
    this.#instances.delete(key);
    this.#instances.set(key, instance);
    if (this.#instances.size > KEPT_INSTANCES) {
      const [oldest, entry] = this.#instances.entries().next().value!;
      this.#instances.delete(oldest);
      entry.dispose();
    }
    return instance;
  }

  #newInstance(shapes: readonly (readonly number[])[], bound: readonly Tensor[]): Instance {
    const named = Object.fromEntries(this.inputNames.map((name, i) => [name, shapes[i]!]));
    const copies = Object.fromEntries(this.#bound.map((name, i) => [name, copyOf(bound[i]!)]));
    return new Instance(this.#plan(bindInputs(this.#graph, copies), named));
  }

  #plan(graph: Graph, shapes: Readonly<Record<string, readonly number[]>>): Plan {
    const branched = graph.nodes.some(hasBranches);
    const straight = branched
      ? prepareInteger(resolveBranches(graph, shapes), { keepBlocks: !this.#options.exact })
      : graph;
    const program = lower(straight, shapes, this.#arithmetic);
    if (this.#options.integerOnly) requireIntegerOnly(program);
    return plan(program, this.#options);
  }

  #planned(): Plan {
    if (this.#last) return this.#last;
    const [name] = this.#bound;
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `input ${name} decides shapes of the model, so nothing is planned yet; run the session first`,
      { input: name },
    );
  }

  #checkFeeds(feeds: Feeds): void {
    for (const { name, elementType } of this.#graph.inputs) {
      const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
      if (feed === undefined)
        throw new HalftoneError(
          'HT_INVALID_ARGUMENT',
          `input ${name} is missing; the model takes ${this.inputNames.join(', ')}`,
          { input: name },
        );
      if (feed.dtype !== elementType) {
        throw new HalftoneError(
          'HT_DTYPE_MISMATCH',
          `input ${name} is ${feed.dtype}, the model takes ${elementType}`,
          { input: name },
        );
      }
      if (feed.data.length !== sizeOf(feed.shape)) {
        throw new HalftoneError(
          'HT_SHAPE_MISMATCH',
          `input ${name}: ${feed.data.length} elements do not fill [${feed.shape.join(', ')}]`,
          { input: name, shape: feed.shape },
        );
      }
    }
    for (const name of this.#bound) {
      const size = feeds[name]!.data.length;
      if (size > MOST_BOUND)
        throw new HalftoneError(
          'HT_UNSUPPORTED',
          `input ${name} of ${size} elements decides shapes of the model; only small inputs may`,
          { input: name, size },
        );
    }
    for (const name in feeds) {
      if (!this.inputNames.includes(name))
        throw new HalftoneError(
          'HT_INVALID_ARGUMENT',
          `the model has no input ${name}; it takes ${this.inputNames.join(', ')}`,
          { input: name },
        );
    }
  }

  #alive(): void {
    if (this.#disposed) throw new HalftoneError('HT_DISPOSED', 'the session was disposed; create another');
  }
}

// A plan keeps the values that it was made for; the caller's array may change.
function copyOf(value: Tensor): Tensor {
  return { ...value, data: value.data.slice() } as Tensor;
}
