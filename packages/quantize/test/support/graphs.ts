import { type Tensor, tensor } from '@halftone/core';
import {
  attribute,
  type Constant,
  constantOf,
  type Graph,
  makeNode,
  type Node,
  type ValueInfo,
} from '@halftone/graph';

/** Deterministic values in [-1, 1): a linear congruential generator, so that no test depends on an engine's random numbers. */
function noise(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 4294967296) * 2 - 1;
  });
}

/** A float32 tensor; a number fills it with noise of that seed. */
export function f32(shape: readonly number[], data: readonly number[] | number): Tensor<'float32'> {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor('float32', typeof data === 'number' ? noise(size, data) : Float32Array.from(data), shape);
}

export function i64(values: readonly number[]): Tensor<'int64'> {
  return tensor('int64', values.map(BigInt));
}

export function value(
  name: string,
  shape: ValueInfo['shape'],
  elementType: ValueInfo['elementType'] = 'float32',
): ValueInfo {
  return { name, elementType, shape };
}

export function graphOf(parts: {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly string[];
  readonly nodes: readonly Node[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly opset?: number;
}): Graph {
  const constants = new Map<string, Constant>(
    Object.entries(parts.constants ?? {}).map(([name, t]) => [name, constantOf(name, t)]),
  );
  return {
    name: 'test',
    opset: parts.opset ?? 13,
    domains: new Map(),
    inputs: parts.inputs,
    outputs: parts.outputs.map((name) => value(name, undefined)),
    nodes: parts.nodes,
    constants,
    values: new Map(),
  };
}

export const named = (name: string) => ({ name });
const kernel3 = { kernel_shape: attribute.ints([3, 3]), pads: attribute.ints([1, 1, 1, 1]) };

/** x [N,2,4,4] -> Conv, Relu -> Conv, Add with the first, Relu -> GlobalAveragePool, Flatten, Gemm -> y [N,3]. */
export function residualNet(): Graph {
  return graphOf({
    inputs: [value('x', ['N', 2, 4, 4])],
    outputs: ['y'],
    nodes: [
      makeNode('Conv', ['x', 'w1', 'b1'], ['c1'], kernel3, named('conv1')),
      makeNode('Relu', ['c1'], ['r1'], {}, named('relu1')),
      makeNode('Conv', ['r1', 'w2', 'b2'], ['c2'], { ...kernel3, group: attribute.int(4) }, named('conv2')),
      makeNode('Add', ['c2', 'r1'], ['a'], {}, named('add')),
      makeNode('Relu', ['a'], ['r2'], {}, named('relu2')),
      makeNode('GlobalAveragePool', ['r2'], ['g'], {}, named('pool')),
      makeNode('Flatten', ['g'], ['f'], {}, named('flatten')),
      makeNode('Gemm', ['f', 'w3', 'b3'], ['y'], { transB: attribute.int(1) }, named('gemm')),
    ],
    constants: {
      w1: f32([4, 2, 3, 3], 11),
      b1: f32([4], 12),
      w2: f32([4, 1, 3, 3], 13),
      b2: f32([4], 14),
      w3: f32([3, 4], 15),
      b3: f32([3], 16),
    },
  });
}

/** Batches of noise for one input. */
export function batches(
  input: string,
  shape: readonly number[],
  count: number,
  seed = 100,
): Record<string, Tensor>[] {
  return Array.from({ length: count }, (_, i) => ({ [input]: f32(shape, seed + i) }));
}

export function nodesOf(graph: Graph, op: string): Node[] {
  return graph.nodes.filter((node) => node.op === op);
}

export function producerOf(graph: Graph, name: string): Node | undefined {
  return graph.nodes.find((node) => node.outputs.includes(name));
}

/** The one node with that name. */
export function nodeOf(graph: Graph, name: string): Node {
  const found = graph.nodes.filter((node) => node.name === name);
  if (found.length !== 1) throw new Error(`${found.length} nodes are called ${name}`);
  return found[0] as Node;
}

/** The elements of a constant, as numbers. */
export function numbers(graph: Graph, name: string | undefined): number[] {
  const constant = graph.constants.get(name ?? '');
  if (constant === undefined) throw new Error(`no constant ${name}`);
  return Array.from(constant.tensor().data as ArrayLike<number | bigint>, Number);
}
