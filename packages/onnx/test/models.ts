import {
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
  writeModel,
} from '../src/index.ts';
import { isHalftoneError, type HalftoneErrorCode } from '@halftone/core';
import { expect } from 'vitest';
import type { AttributeProto, GraphProto } from '../src/index.ts';

/** A float32 tensor with its data as raw bytes. */
export function floats(name: string, dims: readonly number[], values: readonly number[]): TensorProto {
  return { name, dims, dataType: 1, rawData: new Uint8Array(Float32Array.from(values).buffer) };
}

/** A value of float32 elements. */
export function value(name: string, dims?: readonly (number | string)[]): ValueInfoProto {
  const dim = dims?.map((extent) =>
    typeof extent === 'number' ? { dimValue: extent } : { dimParam: extent },
  );
  return { name, type: { tensorType: { elemType: 1, ...(dim === undefined ? {} : { shape: { dim } }) } } };
}

/** A node. */
export function node(
  opType: string,
  input: readonly string[],
  output: readonly string[],
  attribute: readonly AttributeProto[] = [],
  more: NodeProto = {},
): NodeProto {
  return { opType, input, output, attribute, ...more };
}

/** Attributes by type. */
export const attr = {
  int: (name: string, i: number): AttributeProto => ({ name, i, type: 2 }),
  ints: (name: string, ints: readonly number[]): AttributeProto => ({ name, ints, type: 7 }),
  float: (name: string, f: number): AttributeProto => ({ name, f, type: 1 }),
  floats: (name: string, list: readonly number[]): AttributeProto => ({ name, floats: list, type: 6 }),
  text: (name: string, s: string): AttributeProto => ({ name, s: new TextEncoder().encode(s), type: 3 }),
  tensor: (name: string, t: TensorProto): AttributeProto => ({ name, t, type: 4 }),
  graph: (name: string, g: GraphProto): AttributeProto => ({ name, g, type: 5 }),
};

/** A model around a graph. */
export function model(graph: GraphProto, opset = 13, more: ModelProto = {}): Uint8Array {
  return writeModel({
    irVersion: 8,
    producerName: 'test',
    opsetImport: [{ domain: '', version: opset }],
    graph: { name: 'g', ...graph },
    ...more,
  });
}

/** Runs `act` and gives the details of the HalftoneError that it must throw. */
export function failure(code: HalftoneErrorCode, act: () => unknown): Readonly<Record<string, unknown>> {
  try {
    act();
  } catch (error) {
    if (!isHalftoneError(error, code)) throw error;
    return { ...error.details, message: error.message };
  }
  return expect.unreachable(`${code} was expected`);
}

/** The same for a promise. */
export async function rejection(
  code: HalftoneErrorCode,
  promise: Promise<unknown>,
): Promise<Readonly<Record<string, unknown>>> {
  let caught: unknown;
  try {
    await promise;
  } catch (error) {
    caught = error;
  }
  if (!isHalftoneError(caught, code)) throw caught ?? new Error(`${code} was expected`);
  return { ...caught.details, message: caught.message };
}

/** A small network with most of what a file can hold: metadata, a Constant node, a subgraph, an opaque node, unknown fields. */
export function richModel(opset = 13): Uint8Array {
  const branch = (name: string, read: string): GraphProto => ({
    name,
    node: [node('Relu', [read], [`${name}_out`])],
    output: [value(`${name}_out`)],
  });
  return model(
    {
      docString: 'a graph',
      input: [value('x', ['N', 4]), { name: 'flag', type: { tensorType: { elemType: 9, shape: {} } } }],
      output: [value('y', ['N', 3]), value('z')],
      initializer: [
        floats('w', [4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        { name: 'b', dims: [3], dataType: 1, floatData: [0.5, -0.5, 2] },
        floats('idle', [1], [7]),
      ],
      valueInfo: [value('h', ['N', 3]), value('stale', [1])],
      node: [
        node('Constant', [], ['limit'], [attr.tensor('value', floats('limit_t', [], [6]))], {
          name: 'const',
        }),
        node('Gemm', ['x', 'w', 'b'], ['h'], [attr.float('alpha', 1), attr.int('transA', 0)], {
          name: 'fc',
          docString: 'dense',
          metadataProps: [{ key: 'k', value: 'v' }],
        }),
        node('Clip', ['h', '', 'limit'], ['y'], [], { name: 'clip' }),
        node(
          'If',
          ['flag'],
          ['c'],
          [attr.graph('then_branch', branch('t', 'h')), attr.graph('else_branch', branch('e', 'w'))],
          { name: 'if' },
        ),
        node('Mystery', ['c'], ['z'], [attr.text('mode', 'dark'), attr.ints('list', [1, 2, -3])], {
          name: 'opaque',
          domain: 'custom',
        }),
      ],
      metadataProps: [{ key: 'graph', value: 'meta' }],
    },
    opset,
    {
      opsetImport: [
        { domain: '', version: opset },
        { domain: 'custom', version: 2 },
      ],
      producerVersion: '1.2',
      docString: 'a model',
      metadataProps: [{ key: 'author', value: 'someone' }],
      unknownFields: Uint8Array.of(0xfa, 0x07, 3, 1, 2, 3),
    },
  );
}
