import { isHalftoneError, type Tensor, tensor } from '@halftone/core';
import { GraphSession, prepareFloat } from '@halftone/graph';
import {
  type GraphProto,
  type NodeProto,
  parseOnnx,
  serializeOnnx,
  type TensorProto,
  type ValueInfoProto,
  writeModel,
} from '@halftone/onnx';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { backend, type Feeds } from './executor-support.ts';

const elementTypes = { float32: 1, int64: 7, bool: 9 } as const;

function info(
  name: string,
  type: keyof typeof elementTypes,
  shape: readonly (number | string)[],
): ValueInfoProto {
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: elementTypes[type], shape: { dim } } } };
}

function stored(name: string, value: Tensor): TensorProto {
  const dataType = elementTypes[value.dtype as keyof typeof elementTypes];
  return { name, dims: value.shape, dataType, rawData: new Uint8Array(value.data.buffer) };
}

const node = (
  opType: string,
  input: string[],
  output: string[],
  extra: Partial<NodeProto> = {},
): NodeProto => ({
  opType,
  input,
  output,
  ...extra,
});

const choice = (condition: string, output: string[], then: GraphProto, otherwise: GraphProto): NodeProto =>
  node('If', [condition], output, {
    name: `if_${output[0]}`,
    attribute: [
      { name: 'then_branch', type: 5, g: then },
      { name: 'else_branch', type: 5, g: otherwise },
    ],
  });

const float = (values: number[], shape = [values.length]): Tensor => tensor('float32', values, shape);
const whole = (...values: number[]): Tensor => tensor('int64', values.map(BigInt));

function model(graph: GraphProto, version = 13): Uint8Array {
  return writeModel({ irVersion: 8, opsetImport: [{ domain: '', version }], graph: { name: 'g', ...graph } });
}

async function expectOrt(bytes: Uint8Array, feedsList: readonly Feeds[]): Promise<void> {
  const theirs = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const ours = new GraphSession(parseOnnx(bytes), { backends: [backend] });
  for (const feeds of feedsList) {
    const expected = await theirs.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
          name,
          new OrtTensor(dtype, data as Float32Array, [...shape]),
        ]),
      ),
    );
    const got = await ours.run(feeds);
    expect(Object.keys(got)).toEqual(Object.keys(expected));
    for (const [name, { dims, data }] of Object.entries(expected))
      expect([got[name]!.shape, got[name]!.data]).toEqual([dims, data]);
  }
  await theirs.release();
  await ours.dispose();
}

/** Adds in one case and multiplies in the other; both have a value `t` and a constant `k` of their own, and read `x`. */
const addsOrMultiplies = (condition: string): NodeProto =>
  choice(
    condition,
    ['y'],
    {
      name: 'then',
      initializer: [stored('k', float([10]))],
      node: [node('Add', ['x', 'k'], ['t']), node('Relu', ['t'], ['out'])],
      output: [info('out', 'float32', ['N', 3])],
    },
    {
      name: 'else',
      initializer: [stored('k', float([2]))],
      node: [node('Mul', ['x', 'k'], ['t']), node('Neg', ['t'], ['out'])],
      output: [info('out', 'float32', ['N', 3])],
    },
  );

const x = float([1, -2, 3], [1, 3]);
const rows = float([1, -2, 3, -20, 5, 6], [2, 3]);

describe('If', () => {
  test.each([0, 1])('a constant condition, %i', async (value) => {
    const bytes = model({
      input: [info('x', 'float32', ['N', 3])],
      initializer: [stored('c', tensor('bool', [value], []))],
      node: [addsOrMultiplies('c')],
      output: [info('y', 'float32', ['N', 3])],
    });
    await expectOrt(bytes, [{ x }, { x: rows }]);
    const prepared = prepareFloat(parseOnnx(bytes));
    expect(prepared.nodes.map(({ op }) => op)).toEqual(value ? ['Add', 'Relu'] : ['Mul', 'Neg']);
    expect(serializeOnnx(parseOnnx(bytes))).toEqual(bytes);
    await expectOrt(serializeOnnx(prepared), [{ x }]);
  });

  test('a condition on a shape, another branch for each shape, and results of other ranks', async () => {
    const bytes = model({
      input: [info('x', 'float32', ['N', 3])],
      initializer: [stored('one', whole(1)), stored('zero', whole(0)), stored('axes', whole(0))],
      node: [
        node('Shape', ['x'], ['shape']),
        node('Gather', ['shape', 'zero'], ['n']),
        node('Equal', ['n', 'one'], ['c']),
        choice(
          'c',
          ['y'],
          { name: 't', node: [node('Squeeze', ['x', 'axes'], ['s'])], output: [info('s', 'float32', [3])] },
          { name: 'e', node: [node('Identity', ['x'], ['s'])], output: [info('s', 'float32', ['N', 3])] },
        ),
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
    });
    await expectOrt(bytes, [{ x }, { x: rows }, { x }]);
  });

  test('a single integer chooses, and the branches may differ in shape', async () => {
    const bytes = model({
      input: [info('x', 'float32', ['N', 3]), info('rate', 'int64', [1])],
      initializer: [stored('limit', whole(16000)), stored('axes', whole(1))],
      node: [
        node('Equal', ['rate', 'limit'], ['c']),
        choice(
          'c',
          ['y'],
          {
            name: 't',
            node: [node('Concat', ['x', 'x'], ['s'], { attribute: [{ name: 'axis', type: 2, i: 1 }] })],
            output: [info('s', 'float32', ['N', 6])],
          },
          {
            name: 'e',
            node: [node('Unsqueeze', ['x', 'axes'], ['s'])],
            output: [info('s', 'float32', ['N', 1, 3])],
          },
        ),
      ],
      output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
    });
    await expectOrt(bytes, [
      { x, rate: whole(16000) },
      { x: rows, rate: whole(8000) },
      { x: rows, rate: whole(16000) },
    ]);
  });

  test('data chooses: both branches, and the result of one', async () => {
    const bytes = model({
      input: [info('x', 'float32', ['N', 3])],
      initializer: [stored('limit', float([0]))],
      node: [
        node('ReduceSum', ['x'], ['sum'], { attribute: [{ name: 'keepdims', type: 2, i: 0 }] }),
        node('Greater', ['sum', 'limit'], ['c']),
        addsOrMultiplies('c'),
      ],
      output: [info('y', 'float32', ['N', 3])],
    });
    await expectOrt(bytes, [{ x }, { x: rows }, { x: float([-9, 1, 1], [1, 3]) }]);
  });

  test('inside another If, which reads values of the outer branch', async () => {
    const inner = choice(
      'c2',
      ['t2'],
      { name: 'it', node: [node('Add', ['t', 'x'], ['o'])], output: [info('o', 'float32', ['N', 3])] },
      { name: 'ie', node: [node('Sub', ['t', 'x'], ['o'])], output: [info('o', 'float32', ['N', 3])] },
    );
    const bytes = model({
      input: [info('x', 'float32', ['N', 3]), info('c', 'bool', []), info('c2', 'bool', [])],
      initializer: [stored('k', float([10]))],
      node: [
        choice(
          'c',
          ['y', 'z'],
          {
            name: 't',
            node: [node('Mul', ['x', 'k'], ['t']), inner],
            output: [info('t2', 'float32', ['N', 3]), info('t', 'float32', ['N', 3])],
          },
          {
            name: 'e',
            node: [node('Identity', ['x'], ['i']), node('Neg', ['x'], ['n'])],
            output: [info('i', 'float32', ['N', 3]), info('n', 'float32', ['N', 3])],
          },
        ),
      ],
      output: [info('y', 'float32', ['N', 3]), info('z', 'float32', ['N', 3])],
    });
    const bool = (value: number): Tensor => tensor('bool', [value], []);
    await expectOrt(
      bytes,
      [0, 1, 2, 3].map((i) => ({ x, c: bool(i & 1), c2: bool(i >> 1) })),
    );
  });

  test('branches written for an older opset are lifted', async () => {
    const clip = (lo: number): GraphProto => ({
      name: 'b',
      node: [node('Clip', ['x'], ['o'], { attribute: [{ name: 'min', type: 1, f: lo }] })],
      output: [info('o', 'float32', ['N', 3])],
    });
    const graph = {
      input: [info('x', 'float32', ['N', 3]), info('c', 'bool', [])],
      node: [choice('c', ['y'], clip(0), clip(-1))],
      output: [info('y', 'float32', ['N', 3])],
    };
    await expectOrt(
      model(graph, 9),
      [0, 1].map((c) => ({ x, c: tensor('bool', [c], []) })),
    );
  });

  test('data that chooses between shapes is refused, and so are branches of another number of results', async () => {
    const branch = (shape: readonly number[]): GraphProto => ({
      name: 'b',
      initializer: [stored('k', tensor('float32', new Float32Array(shape[0]!), shape))],
      output: [info('k', 'float32', shape)],
    });
    const graph = (then: GraphProto, otherwise: GraphProto): GraphProto => ({
      input: [info('x', 'float32', [1])],
      initializer: [stored('zero', float([0]))],
      node: [node('Greater', ['x', 'zero'], ['c']), choice('c', ['y'], then, otherwise)],
      output: [{ name: 'y', type: { tensorType: { elemType: 1 } } }],
    });
    const open = (then: GraphProto, otherwise: GraphProto): (() => GraphSession) => {
      const parsed = parseOnnx(model(graph(then, otherwise)));
      return () => new GraphSession(parsed, { backends: [backend] });
    };
    expect(open(branch([2]), branch([3]))).toThrow(
      expect.toSatisfy((e) => isHalftoneError(e, 'HT_UNSUPPORTED')),
    );
    const none = { name: 'b', output: [] };
    expect(open(branch([2]), none)).toThrow(expect.toSatisfy((e) => isHalftoneError(e, 'HT_MODEL_INVALID')));
    expect(open(branch([2]), branch([2]))).not.toThrow();
  });
});
