// Graphs for tests, in few words.
import { type DType, type Tensor, tensor } from '@halftone/core';
import {
  type Attribute,
  attribute,
  type Constant,
  constantOf,
  type ElementType,
  type Graph,
  makeNode,
  type Node,
  type SymbolicShape,
  type ValueInfo,
} from '../../src/ir.ts';

type Attributes = Readonly<Record<string, number | string | readonly number[] | Attribute>>;

/** Numbers with a fraction or named in `floats` become float attributes, others integers. */
function attributes(
  short: Attributes,
  floats: readonly string[] = ['alpha', 'beta', 'epsilon'],
): Record<string, Attribute> {
  return Object.fromEntries(
    Object.entries(short).map(([name, value]) => {
      if (typeof value === 'number')
        return [name, floats.includes(name) ? attribute.float(value) : attribute.int(value)];
      if (typeof value === 'string') return [name, attribute.string(value)];
      return [name, Array.isArray(value) ? attribute.ints(value as number[]) : (value as Attribute)];
    }),
  );
}

/** A graph under construction. */
export class Builder {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Constant>();
  readonly inputs: ValueInfo[] = [];
  readonly values = new Map<string, ValueInfo>();
  #count = 0;

  input(name: string, shape: SymbolicShape | undefined, elementType: ElementType = 'float32'): string {
    this.inputs.push({ name, elementType, shape });
    return name;
  }

  constant(
    dtype: DType,
    data: readonly number[],
    shape: readonly number[] = [data.length],
    name = `c${this.#count++}`,
  ): string {
    const elements =
      dtype === 'int64' ? tensor('int64', data.map(BigInt), shape) : tensor(dtype, data as never, shape);
    this.constants.set(name, constantOf(name, elements as Tensor));
    return name;
  }

  float(data: readonly number[], shape: readonly number[] = [data.length], name?: string): string {
    return name === undefined
      ? this.constant('float32', data, shape)
      : this.constant('float32', data, shape, name);
  }

  /** Gives the first output's name. */
  node(
    op: string,
    inputs: readonly string[],
    short: Attributes = {},
    output = `v${this.#count++}`,
    more: readonly string[] = [],
  ): string {
    this.nodes.push(makeNode(op, inputs, [output, ...more], attributes(short), { name: `${op}_${output}` }));
    return output;
  }

  opaque(op: string, inputs: readonly string[], output: string, captures: readonly string[] = []): string {
    this.nodes.push({
      name: op,
      op,
      domain: 'test',
      inputs,
      outputs: [output],
      attributes: {},
      opaque: true,
      captures,
    });
    return output;
  }

  quantize(
    x: string,
    scale: number,
    zero?: number,
    dtype: 'int8' | 'uint8' = 'uint8',
    output?: string,
  ): string {
    return this.node('QuantizeLinear', [x, ...this.params(scale, zero, dtype)], {}, output);
  }

  dequantize(
    q: string,
    scale: number,
    zero?: number,
    dtype: 'int8' | 'uint8' = 'uint8',
    output?: string,
  ): string {
    return this.node('DequantizeLinear', [q, ...this.params(scale, zero, dtype)], {}, output);
  }

  /** Q and DQ with the same parameters. */
  pair(x: string, scale: number, zero?: number, dtype: 'int8' | 'uint8' = 'uint8'): string {
    return this.dequantize(this.quantize(x, scale, zero, dtype), scale, zero, dtype);
  }

  params(scale: number, zero: number | undefined, dtype: 'int8' | 'uint8'): string[] {
    const scaleName = this.float([scale], []);
    return zero === undefined ? [scaleName] : [scaleName, this.constant(dtype, [zero], [])];
  }

  graph(...outputs: readonly string[]): Graph {
    return {
      name: 'test',
      opset: 13,
      domains: new Map(),
      inputs: this.inputs,
      outputs: outputs.map((name) => ({ name, elementType: undefined, shape: undefined })),
      nodes: this.nodes,
      constants: this.constants,
      values: this.values,
    };
  }
}

/** The operators in order. */
export function ops(graph: Graph): string[] {
  return graph.nodes.map((node) => node.op);
}

export function numbers(graph: Graph, name: string | undefined): number[] {
  return Array.from(graph.constants.get(name ?? '')!.tensor().data as ArrayLike<number | bigint>, Number);
}

/** The only node of that operator. */
export function only(graph: Graph, op: string): Node {
  const found = graph.nodes.filter((node) => node.op === op);
  if (found.length !== 1) throw new Error(`${found.length} nodes ${op} among ${ops(graph).join(' ')}`);
  return found[0]!;
}

/** Numbers that repeat for a seed: small integers, so that products are exact. */
export function sequence(count: number, seed: number, from: number, to: number): number[] {
  let state = seed >>> 0;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return from + ((state >>> 8) % (to - from + 1));
  });
}
