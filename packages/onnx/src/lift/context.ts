import type { Tensor } from '@halftone/core';
import {
  type Constant,
  constantOf,
  type ElementType,
  FreshNames,
  type Node,
  type ValueInfo,
} from '@halftone/graph';

/** The parts of a graph that lifting reads and changes. */
export interface GraphParts {
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly values: ReadonlyMap<string, ValueInfo>;
  readonly reserved?: ReadonlySet<string>;
}

/** What a rule may ask of the graph, and how it adds values. */
export class LiftContext {
  readonly constants: Map<string, Constant>;
  readonly #names: FreshNames;
  readonly #reads = new Set<string>();
  readonly #infos = new Map<string, ValueInfo>();
  readonly #producers = new Map<string, Node>();
  readonly #types = new Map<string, ElementType | undefined>();
  readonly #ranks = new Map<string, number | undefined>();

  constructor(parts: GraphParts) {
    this.constants = new Map(parts.constants);
    this.#names = new FreshNames(parts.constants.keys());
    for (const names of [parts.values.keys(), parts.reserved ?? []])
      for (const name of names) this.#names.add(name);
    for (const info of [...parts.values.values(), ...parts.outputs, ...parts.inputs])
      this.#infos.set(info.name, info);
    for (const info of parts.inputs) this.#names.add(info.name);
    for (const info of parts.outputs) this.#reads.add(info.name);
    for (const node of parts.nodes) {
      for (const name of node.outputs) {
        this.#names.add(name);
        this.#producers.set(name, node);
      }
      for (const name of node.inputs) this.#reads.add(name);
      for (const name of node.captures ?? []) this.#reads.add(name);
    }
  }

  /** A value name that nothing has yet, inside subgraphs neither. */
  fresh(base: string): string {
    return this.#names.take(base);
  }

  /** Adds a constant under a new name, which is returned. */
  constant(base: string, tensor: Tensor): string {
    const name = this.fresh(base);
    this.constants.set(name, constantOf(name, tensor));
    return name;
  }

  /** Adds a list of integers as a constant. */
  integers(base: string, values: readonly number[]): string {
    return this.constant(base, {
      dtype: 'int64',
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    });
  }

  /** Adds one float as a constant without axes. */
  float(base: string, value: number): string {
    return this.constant(base, { dtype: 'float32', shape: [], data: Float32Array.of(value) });
  }

  /** True where a node, a subgraph or the graph's outputs read the value. */
  isRead(value: string | undefined): boolean {
    return value !== undefined && value !== '' && this.#reads.has(value);
  }

  /** Element type of a value where the file tells, directly or by the producers that keep it. */
  elementType(value: string): ElementType | undefined {
    return this.#follow(
      value,
      (name) => this.constants.get(name)?.elementType ?? this.#infos.get(name)?.elementType,
      keepsType,
      this.#types,
    );
  }

  /** Number of axes of a value where the file tells, directly or by its producers. */
  rank(value: string): number | undefined {
    return this.#follow(value, (name) => this.#ownRank(name), keepsRank, this.#ranks);
  }

  #ownRank(value: string): number | undefined {
    const known = this.constants.get(value)?.shape.length ?? this.#infos.get(value)?.shape?.length;
    if (known !== undefined) return known;
    const producer = this.#producers.get(value);
    if (producer === undefined) return undefined;
    if (producer.op === 'Gemm' || producer.op === 'Flatten') return 2;
    if (producer.op === 'Reshape') {
      const [extent] = this.constants.get(producer.inputs[1] ?? '')?.shape ?? [];
      return extent;
    }
    return producer.op === 'Conv' ? this.constants.get(producer.inputs[1] ?? '')?.shape.length : undefined;
  }

  /**
   * Asks `ask` for the value and, where it does not know, for the first input of the operators of `through`.
   * Each answer is kept for all values on the way, so that a long chain of nodes is walked once.
   */
  #follow<T>(
    value: string,
    ask: (name: string) => T | undefined,
    through: ReadonlySet<string>,
    known: Map<string, T | undefined>,
  ): T | undefined {
    const way: string[] = [];
    let answer: T | undefined;
    let name = value;
    // it ends: the nodes are in order, and each step goes to an earlier one
    for (;;) {
      answer = known.get(name) ?? ask(name);
      const producer = this.#producers.get(name);
      if (answer !== undefined || known.has(name) || producer?.domain !== '' || !through.has(producer.op))
        break;
      way.push(name);
      name = producer.inputs[0] ?? '';
    }
    for (const step of way) known.set(step, answer);
    return answer;
  }
}

const keepsRank: ReadonlySet<string> = new Set([
  'Relu',
  'LeakyRelu',
  'PRelu',
  'Sigmoid',
  'Tanh',
  'Clip',
  'Elu',
  'Selu',
  'Softplus',
  'Exp',
  'Log',
  'Sqrt',
  'Abs',
  'Neg',
  'BatchNormalization',
  'InstanceNormalization',
  'LRN',
  'Dropout',
  'Identity',
  'Cast',
  'Softmax',
  'LogSoftmax',
  'Pad',
  'Slice',
  'Transpose',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Concat',
]);

const keepsType: ReadonlySet<string> = new Set([
  ...[...keepsRank].filter((op) => op !== 'Cast'),
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Pow',
  'MatMul',
  'Gemm',
  'Conv',
  'ConvTranspose',
  'Reshape',
  'Flatten',
  'Squeeze',
  'Unsqueeze',
  'Split',
  'Gather',
  'ReduceMean',
  'ReduceSum',
  'ReduceMax',
  'ReduceMin',
  'Max',
  'Min',
  'Sum',
  'Resize',
  'Upsample',
  'Tile',
  'Expand',
]);
