// Small models made of graph nodes, run by our executor and by ONNX Runtime on the same bytes.
import {
  type Backend,
  type CodeType,
  codeRange,
  type DType,
  dtypes,
  openBackend,
  sizeOf,
  type Tensor,
  tensor,
  type WideCodeType,
} from '@halftone/core';
import reference from '@halftone/backend-reference';
import {
  type Attribute,
  attribute,
  type Constant,
  constantOf,
  formattedConstant,
  type Graph,
  GraphSession,
  inferShapes,
  makeNode,
  MICROSOFT,
  type Node,
  type SymbolicShape,
  type ValueInfo,
} from '@halftone/graph';
import { parseOnnx, serializeOnnx } from '@halftone/onnx';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { expect } from 'vitest';

export type Feeds = Record<string, Tensor>;
export type Results = Record<string, Tensor>;
type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

export const backend: Backend = await openBackend(reference);

const floatAttributes = new Set(['alpha', 'beta', 'clip', 'epsilon', 'gamma']);

/** Seeded data in the ranges that the tests want. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    const state = this.#state;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  integer(lo: number, hi: number): number {
    return lo + Math.floor(this.next() * (hi - lo + 1));
  }

  floats(shape: readonly number[], lo = -2, hi = 2): Tensor<'float32'> {
    return tensor(
      'float32',
      new Float32Array(sizeOf(shape)).map(() => lo + this.next() * (hi - lo)),
      shape,
    );
  }

  integers<D extends CodeType | WideCodeType | 'int32'>(
    dtype: D,
    shape: readonly number[],
    [lo, hi]: readonly [number, number],
  ): Tensor<D> {
    const data = new dtypes[dtype].Array(sizeOf(shape));
    for (let i = 0; i < data.length; i++) data[i] = this.integer(lo, hi);
    return { dtype, shape, data } as unknown as Tensor<D>;
  }

  codes<D extends CodeType>(dtype: D, shape: readonly number[]): Tensor<D> {
    return this.integers(dtype, shape, codeRange(dtype));
  }

  /**
   * Weights whose pair sums fit 16 bits: without VNNI, ONNX Runtime's uint8 by int8 kernels saturate them, so that
   * the whole range of int8 would compare machines, not executors.
   */
  weights<D extends CodeType>(dtype: D, shape: readonly number[]): Tensor<D> {
    return this.integers(dtype, shape, dtype === 'int8' ? [-64, 64] : [0, 255]);
  }

  scales(count: number, lo = 0.01, hi = 0.05): Tensor<'float32'> {
    return count === 0 ? this.floats([], lo, hi) : this.floats([count], lo, hi);
  }
}

/** A model under construction. */
export class Model {
  readonly opset: number;
  readonly #nodes: Node[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: string[] = [];
  #count = 0;

  constructor(opset = 13) {
    this.opset = opset;
  }

  input(name: string, dtype: DType, shape: SymbolicShape): string {
    this.#inputs.push({ name, elementType: dtype, shape });
    return name;
  }

  constant(value: Tensor): string {
    const name = `c${this.#count++}`;
    this.#constants.set(name, constantOf(name, value));
    return name;
  }

  /** A constant of a type that is stored and not computed on, from decoded elements. */
  stored(elementType: 'int4' | 'uint4' | 'float16' | 'bfloat16' | 'float64', value: Tensor): string {
    const name = `c${this.#count++}`;
    this.#constants.set(name, formattedConstant(name, elementType, value));
    return name;
  }

  float(value: number): string {
    return this.constant(tensor('float32', [value], []));
  }

  code(dtype: CodeType | 'int32', value: number): string {
    return this.constant(tensor(dtype, [value], []) as Tensor);
  }

  ints(values: readonly number[]): string {
    return this.constant(tensor('int64', values.map(BigInt), [values.length]));
  }

  /** Adds a node; gives the names of its outputs. */
  nodes(op: string, inputs: readonly string[], attributes: Attributes, outputs: number): string[] {
    const names = Array.from({ length: outputs }, () => `v${this.#count++}`);
    const domain = op.startsWith('com.microsoft.') ? { domain: MICROSOFT } : {};
    const short = op.replace('com.microsoft.', '');
    this.#nodes.push(
      makeNode(short, inputs, names, longForm(attributes), { name: `${short}_${names[0]}`, ...domain }),
    );
    return names;
  }

  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(op, inputs, attributes, 1)[0]!;
  }

  output(...names: string[]): void {
    this.#outputs.push(...names);
  }

  graph(): Graph {
    const graph: Graph = {
      name: 'model',
      opset: this.opset,
      domains: new Map([[MICROSOFT, 1]]),
      inputs: this.#inputs,
      outputs: this.#outputs.map((name) => ({ name, elementType: undefined, shape: undefined })),
      nodes: this.#nodes,
      constants: this.#constants,
      values: new Map(),
    };
    const types = inferShapes(graph);
    return { ...graph, outputs: graph.outputs.map(({ name }) => ({ name, ...types.get(name)! })) };
  }
}

function longForm(short: Attributes): Record<string, Attribute> {
  return Object.fromEntries(
    Object.entries(short).map(([name, value]) => {
      if (typeof value === 'string') return [name, attribute.string(value)];
      if (typeof value !== 'number') return [name, attribute.ints(value)];
      return [name, floatAttributes.has(name) ? attribute.float(value) : attribute.int(value)];
    }),
  );
}

/** Runs a graph on the reference backend. */
export async function runOurs(graph: Graph, feeds: Feeds): Promise<Results> {
  const session = new GraphSession(graph, { backends: [backend] });
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** Runs the graph in ONNX Runtime; `optimize` lets it fuse QDQ nodes into integer operators. */
export async function runOrt(graph: Graph, feeds: Feeds, optimize = false): Promise<Results> {
  const session = await InferenceSession.create(serializeOnnx(graph), {
    graphOptimizationLevel: optimize ? 'all' : 'disabled',
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
  });
  const ortFeeds = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
      name,
      new OrtTensor(dtype, data as Float32Array, [...shape]),
    ]),
  );
  const results = await session.run(ortFeeds);
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { type, data, dims }]) => [
      name,
      { dtype: type, data, shape: dims } as unknown as Tensor,
    ]),
  );
}

/** Largest difference of two tensors of one dtype and shape; NaN counts as equal to NaN alone. */
function largestStep(ours: Tensor, theirs: Tensor): number {
  expect([ours.dtype, ...ours.shape]).toEqual([theirs.dtype, ...theirs.shape]);
  let largest = 0;
  for (let i = 0; i < ours.data.length; i++) {
    const [a, b] = [Number(ours.data[i]), Number(theirs.data[i])];
    if (!Object.is(a, b) && a !== b)
      largest = Math.max(largest, Number.isNaN(a - b) ? Infinity : Math.abs(a - b));
  }
  return largest;
}

/** Integers equal; floats within 1e-5 of the tensor's largest magnitude, since sums cancel. */
function expectSame(ours: Results, theirs: Results): void {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  for (const [name, expected] of Object.entries(theirs)) {
    const got = ours[name]!;
    if (expected.dtype !== 'float32') {
      expect([got.dtype, got.shape]).toEqual([expected.dtype, expected.shape]);
      expect(got.data).toEqual(expected.data);
      continue;
    }
    const size = (expected.data as Float32Array).reduce(
      (most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most),
      0,
    );
    expect(largestStep(got, expected)).toBeLessThanOrEqual(1e-5 * size);
  }
}

/** Our results equal ONNX Runtime's, straight from the graph and after a round trip through the file. */
export async function expectOrt(model: Model, feeds: Feeds, optimize = false): Promise<Results> {
  const graph = model.graph();
  const ours = await runOurs(graph, feeds);
  expectSame(ours, await runOrt(graph, feeds, optimize));
  expectSame(await runOurs(parseOnnx(serializeOnnx(graph)), feeds), ours);
  return ours;
}

/** Codes are at most one step from ONNX Runtime's, for operators that it rounds in another place; the test says why. */
export async function expectWithinOneStep(model: Model, feeds: Feeds): Promise<void> {
  const graph = model.graph();
  const ours = await runOurs(graph, feeds);
  const theirs = await runOrt(graph, feeds, false);
  for (const [name, expected] of Object.entries(theirs)) {
    expect(largestStep(ours[name]!, expected)).toBeLessThanOrEqual(1);
  }
}
