import type { Graph } from '@halftone/graph';
import { expect, test } from 'vitest';
import {
  type AttributeProto,
  parseOnnx,
  serializeOnnx,
  type TensorProto,
  type ValueInfoProto,
} from '../src/index.ts';
import { changesBetween, irVersionFor } from '../src/since-versions.ts';
import { attr, floats, model, node, value } from './models.ts';

interface Case {
  readonly op: string;
  readonly opset: number;
  readonly attributes?: readonly AttributeProto[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly constants?: readonly TensorProto[];
  readonly x?: ValueInfoProto;
  readonly read?: readonly string[];
  /** Raise to this opset when written. */
  readonly to?: number;
}

/** The nodes after lifting, their constants as values: [op, inputs, outputs, attributes]. */
function lifted({
  op,
  opset,
  attributes = [],
  inputs = ['x'],
  outputs = ['y'],
  constants = [],
  x = value('x', [2, 3, 4]),
  read = ['y'],
  to,
}: Case): unknown[] {
  const bytes = model(
    {
      input: [x],
      initializer: constants,
      node: [node(op, inputs, outputs, attributes, { name: 'n' })],
      output: read.map((name) => value(name)),
    },
    opset,
  );
  let graph = parseOnnx(bytes);
  if (to !== undefined) graph = parseOnnx(serializeOnnx({ ...graph, opset: to }));
  const said = graph.nodes.map((entry) => [
    entry.op,
    entry.inputs.map((name) => constantValue(graph, name)),
    entry.outputs,
    plainAttributes(entry.attributes),
  ]);
  // what is lifted is the same after writing and reading
  if (graph.nodes.every((entry) => entry.op !== op || !entry.opaque)) {
    const again = parseOnnx(serializeOnnx(graph));
    expect(
      again.nodes.map((entry) => [
        entry.op,
        entry.inputs.map((name) => constantValue(again, name)),
        entry.outputs,
        plainAttributes(entry.attributes),
      ]),
    ).toEqual(said);
  }
  return said;
}

function constantValue(graph: Graph, name: string): unknown {
  const constant = graph.constants.get(name);
  if (constant === undefined) return name;
  const data = [...constant.tensor().data];
  return constant.shape.length === 0 ? data[0] : data;
}

function plainAttributes(attributes: Graph['nodes'][number]['attributes']): unknown {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, entry]) => [name, 'value' in entry ? entry.value : undefined]),
  );
}

/** Why a node stayed as the file has it. */
function refusal(options: Case): unknown {
  const bytes = model(
    {
      input: [options.x ?? value('x')],
      initializer: options.constants ?? [],
      node: [node(options.op, options.inputs ?? ['x'], options.outputs ?? ['y'], options.attributes)],
      output: (options.read ?? ['y']).map((name) => value(name)),
    },
    options.opset,
  );
  const [kept] = parseOnnx(bytes).nodes;
  expect(kept).toMatchObject({ op: options.op, opaque: true });
  return (kept?.origin as { refusal?: string } | undefined)?.refusal;
}

test('BatchNormalization', () => {
  const inputs = ['x', 'x', 'x', 'x', 'x'];
  const outputs = ['y', 'mean', 'var', 'm2', 'v2'];
  const attributes = [attr.int('spatial', 1), attr.float('epsilon', 0.5)];
  expect(lifted({ op: 'BatchNormalization', opset: 8, inputs, outputs, attributes })).toEqual([
    ['BatchNormalization', inputs, ['y'], { epsilon: 0.5 }],
  ]);
  expect(
    refusal({ op: 'BatchNormalization', opset: 8, inputs, attributes: [attr.int('spatial', 0)] }),
  ).toMatch('spatial');
  expect(lifted({ op: 'BatchNormalization', opset: 9, inputs, outputs, to: 15 })).toEqual([
    ['BatchNormalization', inputs, ['y'], {}],
  ]);
});

test('Clip', () => {
  expect(lifted({ op: 'Clip', opset: 7, attributes: [attr.float('min', -1), attr.float('max', 6)] })).toEqual(
    [['Clip', ['x', -1, 6], ['y'], {}]],
  );
  expect(lifted({ op: 'Clip', opset: 10, attributes: [attr.float('max', 6)] })).toEqual([
    ['Clip', ['x', '', 6], ['y'], {}],
  ]);
  expect(lifted({ op: 'Clip', opset: 10 })).toEqual([['Clip', ['x'], ['y'], {}]]);
  expect(lifted({ op: 'Clip', opset: 11 })).toEqual([['Clip', ['x'], ['y'], {}]]);
  const half = { name: 'x', type: { tensorType: { elemType: 10 } } };
  expect(refusal({ op: 'Clip', opset: 8, x: half, attributes: [attr.float('max', 6)] })).toMatch('float16');
});

test('Dropout', () => {
  expect(
    lifted({ op: 'Dropout', opset: 7, outputs: ['y', 'mask'], attributes: [attr.float('ratio', 0.25)] }),
  ).toEqual([['Dropout', ['x', 0.25], ['y'], {}]]);
  expect(lifted({ op: 'Dropout', opset: 10, outputs: ['y', 'mask'], read: ['y', 'mask'] })).toEqual([
    ['Dropout', ['x'], ['y', 'mask'], {}],
  ]);
  expect(refusal({ op: 'Dropout', opset: 9, outputs: ['y', 'mask'], read: ['mask'] })).toMatch('mask');
});

test('Pad', () => {
  const pads = attr.ints('pads', [0, 1, 0, 1]);
  expect(lifted({ op: 'Pad', opset: 10, attributes: [pads, attr.text('mode', 'reflect')] })).toEqual([
    ['Pad', ['x', [0n, 1n, 0n, 1n]], ['y'], { mode: 'reflect' }],
  ]);
  expect(lifted({ op: 'Pad', opset: 7, attributes: [pads, attr.float('value', 2)] })).toEqual([
    ['Pad', ['x', [0n, 1n, 0n, 1n], 2], ['y'], {}],
  ]);
  expect(refusal({ op: 'Pad', opset: 7 })).toMatch('no pads');
});

test('Slice', () => {
  const ends = [attr.ints('starts', [1, 0]), attr.ints('ends', [5, -1])];
  expect(lifted({ op: 'Slice', opset: 9, attributes: ends })).toEqual([
    ['Slice', ['x', [1n, 0n], [5n, -1n]], ['y'], {}],
  ]);
  expect(lifted({ op: 'Slice', opset: 7, attributes: [...ends, attr.ints('axes', [2, 1])] })).toEqual([
    ['Slice', ['x', [1n, 0n], [5n, -1n], [2n, 1n]], ['y'], {}],
  ]);
});

test('Squeeze and Unsqueeze', () => {
  expect(lifted({ op: 'Squeeze', opset: 12 })).toEqual([['Squeeze', ['x'], ['y'], {}]]);
  expect(lifted({ op: 'Squeeze', opset: 7, attributes: [attr.ints('axes', [0])] })).toEqual([
    ['Squeeze', ['x', [0n]], ['y'], {}],
  ]);
  expect(lifted({ op: 'Unsqueeze', opset: 11, attributes: [attr.ints('axes', [0, -1])] })).toEqual([
    ['Unsqueeze', ['x', [0n, -1n]], ['y'], {}],
  ]);
});

test('Softmax over the last axis keeps one node', () => {
  for (const op of ['Softmax', 'LogSoftmax', 'Hardmax']) {
    expect(lifted({ op, opset: 7, attributes: [attr.int('axis', 2)] })).toEqual([
      [op, ['x'], ['y'], { axis: -1 }],
    ]);
    expect(lifted({ op, opset: 11, x: value('x', ['N', 10]) })).toEqual([[op, ['x'], ['y'], { axis: -1 }]]);
  }
});

test('Softmax over more axes, or of unknown rank, goes by two axes', () => {
  for (const x of [value('x', [2, 3, 4]), value('x')]) {
    expect(lifted({ op: 'Softmax', opset: 9, x })).toEqual([
      ['Shape', ['x'], ['y_shape'], {}],
      ['Flatten', ['x'], ['y_flat'], { axis: 1 }],
      ['Softmax', ['y_flat'], ['y_flat_result'], { axis: -1 }],
      ['Reshape', ['y_flat_result', 'y_shape'], ['y'], {}],
    ]);
  }
});

test('the rank for Softmax is found through the producers', () => {
  const graph = parseOnnx(
    model(
      {
        input: [value('x')],
        initializer: [floats('w', [2, 3], [1, 2, 3, 4, 5, 6]), floats('c', [3], [1, 2, 3])],
        node: [
          node('Gemm', ['x', 'w', 'c'], ['g']),
          node('Relu', ['g'], ['r']),
          node('Softmax', ['r'], ['y']),
        ],
        output: [value('y')],
      },
      9,
    ),
  );
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Gemm', 'Relu', 'Softmax']);
});

test('ReduceSum, and the other reductions at opset 18', () => {
  const axes = [attr.ints('axes', [1]), attr.int('keepdims', 0)];
  expect(lifted({ op: 'ReduceSum', opset: 11, attributes: axes })).toEqual([
    ['ReduceSum', ['x', [1n]], ['y'], { keepdims: 0 }],
  ]);
  expect(lifted({ op: 'ReduceSum', opset: 11 })).toEqual([['ReduceSum', ['x'], ['y'], {}]]);
  expect(lifted({ op: 'ReduceMean', opset: 11, attributes: axes })).toEqual([
    ['ReduceMean', ['x'], ['y'], { axes: [1], keepdims: 0 }],
  ]);
  expect(lifted({ op: 'ReduceMean', opset: 11, attributes: axes, to: 18 })).toEqual([
    ['ReduceMean', ['x', [1n]], ['y'], { keepdims: 0 }],
  ]);
});

test('Split', () => {
  const outputs = ['y', 'z'];
  const attributes = [attr.int('axis', 1), attr.ints('split', [1, 2])];
  expect(lifted({ op: 'Split', opset: 7, outputs, attributes })).toEqual([
    ['Split', ['x', [1n, 2n]], outputs, { axis: 1 }],
  ]);
  expect(lifted({ op: 'Split', opset: 11, outputs })).toEqual([['Split', ['x'], outputs, {}]]);
  expect(lifted({ op: 'Split', opset: 11, outputs, to: 18 })).toEqual([
    ['Split', ['x'], outputs, { num_outputs: 2 }],
  ]);
});

test('TopK', () => {
  expect(
    lifted({
      op: 'TopK',
      opset: 9,
      outputs: ['y', 'i'],
      attributes: [attr.int('k', 3), attr.int('axis', 0)],
    }),
  ).toEqual([['TopK', ['x', [3n]], ['y', 'i'], { axis: 0 }]]);
});

test('Upsample and Resize', () => {
  const sampling = { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  expect(lifted({ op: 'Upsample', opset: 7, attributes: [attr.floats('scales', [1, 1, 2])] })).toEqual([
    ['Resize', ['x', '', [1, 1, 2]], ['y'], sampling],
  ]);
  const scales = (...list: number[]): TensorProto[] => [floats('s', [list.length], list)];
  const inputs = ['x', 's'];
  expect(
    lifted({
      op: 'Upsample',
      opset: 9,
      inputs,
      constants: scales(1, 2),
      attributes: [attr.text('mode', 'linear')],
    }),
  ).toEqual([
    ['Resize', ['x', '', [1, 2]], ['y'], { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }],
  ]);
  expect(lifted({ op: 'Resize', opset: 10, inputs, constants: scales(1, 0.5) })).toEqual([
    ['Resize', ['x', '', [1, 0.5]], ['y'], { ...sampling, nearest_mode: 'ceil' }],
  ]);
  expect(refusal({ op: 'Resize', opset: 10, inputs, constants: scales(2, 0.5) })).toMatch('nearest');
  expect(refusal({ op: 'Resize', opset: 10, inputs: ['x', 'x'] })).toMatch('nearest');
  const odd = [attr.text('coordinate_transformation_mode', 'tf_half_pixel_for_nn')];
  expect(
    refusal({ op: 'Resize', opset: 11, inputs: ['x', '', 's'], constants: scales(2, 2), attributes: odd }),
  ).toMatch('withdrawn');
});

test('operators that did not change pass as they are', () => {
  const same: [string, string[], AttributeProto[]][] = [
    ['Add', ['x', 'x'], []],
    ['Flatten', ['x'], [attr.int('axis', 1)]],
    ['Cast', ['x'], [attr.int('to', 1)]],
    ['MaxPool', ['x'], [attr.ints('kernel_shape', [2])]],
    ['AveragePool', ['x'], [attr.ints('kernel_shape', [2])]],
    ['Gemm', ['x', 'x', 'x'], [attr.int('transB', 1)]],
  ];
  for (const [op, inputs, attributes] of same) {
    expect(lifted({ op, opset: 8, inputs, attributes })).toEqual([
      [op, inputs, ['y'], Object.fromEntries(attributes.map(({ name = '', i, ints }) => [name, i ?? ints]))],
    ]);
  }
});

test('added names avoid those that are taken', () => {
  const graph = parseOnnx(
    model(
      {
        input: [value('x'), value('y_max')],
        node: [node('Clip', ['x'], ['y'], [attr.float('max', 1)])],
        output: [value('y')],
      },
      8,
    ),
  );
  expect(graph.nodes[0]?.inputs).toEqual(['x', '', 'y_max_1']);
});

test('the table of changes', () => {
  expect(changesBetween('Clip', 7, 13)).toEqual([11]);
  expect(changesBetween('Clip', 11, 13)).toEqual([]);
  expect(changesBetween('Split', 7, 21)).toEqual([13, 18]);
  expect(changesBetween('constructor', 7, 21)).toEqual([]);
  expect([7, 8, 9, 11, 13, 14, 15, 18, 19, 21, 22, 23, 25, 26].map(irVersionFor)).toEqual([
    3, 3, 4, 6, 7, 7, 8, 8, 9, 10, 10, 11, 13, 13,
  ]);
});
