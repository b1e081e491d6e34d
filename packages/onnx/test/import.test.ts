import { expect, test } from 'vitest';
import { parseOnnx } from '../src/index.ts';
import { attr, failure, floats, model, node, richModel, value } from './models.ts';

test('a graph with its parts', () => {
  const graph = parseOnnx(richModel());
  expect(graph.name).toBe('g');
  expect(graph.opset).toBe(13);
  expect([...graph.domains]).toEqual([['custom', 2]]);
  expect(graph.inputs.map(({ name, elementType, shape }) => [name, elementType, shape])).toEqual([
    ['x', 'float32', ['N', 4]],
    ['flag', 'bool', []],
  ]);
  expect(graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['y', ['N', 3]],
    ['z', undefined],
  ]);
  expect(graph.nodes.map(({ name, op, opaque }) => [name, op, opaque])).toEqual([
    ['fc', 'Gemm', false],
    ['clip', 'Clip', false],
    ['if', 'If', true],
    ['opaque', 'Mystery', true],
  ]);
  expect(graph.nodes[0]?.attributes).toEqual({
    alpha: { type: 'float', value: 1 },
    transA: { type: 'int', value: 0 },
  });
  expect(graph.nodes[2]).toMatchObject({
    captures: ['h', 'w'],
    attributes: { then_branch: { type: 'other' } },
  });
  expect(graph.nodes[3]).toMatchObject({
    domain: 'custom',
    attributes: { mode: { type: 'string', value: 'dark' }, list: { type: 'ints', value: [1, 2, -3] } },
  });
  expect([...graph.constants.keys()]).toEqual(['w', 'b', 'idle', 'limit']);
  expect(graph.constants.get('limit')?.tensor().data[0]).toBe(6);
  expect(graph.constants.get('b')?.tensor().data[2]).toBe(2);
  expect(graph.values.get('h')?.shape).toEqual(['N', 3]);
});

test('every form of a Constant node', () => {
  const forms = [
    attr.tensor('value', floats('', [2], [1, 2])),
    attr.float('value_float', 0.5),
    attr.floats('value_floats', [1, 2]),
    attr.int('value_int', -7),
    attr.ints('value_ints', [3, 4]),
    attr.text('value_string', 'hi'),
  ];
  const graph = parseOnnx(model({ node: forms.map((form, i) => node('Constant', [], [`c${i}`], [form])) }));
  expect(graph.nodes).toEqual([]);
  expect(
    [...graph.constants.values()]
      .slice(0, 5)
      .map((constant) => [constant.elementType, constant.shape, [...constant.tensor().data]]),
  ).toEqual([
    ['float32', [2], [1, 2]],
    ['float32', [], [0.5]],
    ['float32', [2], [1, 2]],
    ['int64', [], [-7n]],
    ['int64', [2], [3n, 4n]],
  ]);
  expect(graph.constants.get('c5')?.elementType).toBe('string');
  const sparse = parseOnnx(
    model({ node: [node('Constant', [], ['s'], [{ name: 'sparse_value', type: 11, sparseTensor: {} }])] }),
  );
  expect(sparse.nodes[0]).toMatchObject({ op: 'Constant', outputs: ['s'] });
});

test('initializers that are inputs too are constants', () => {
  const graph = parseOnnx(
    model(
      {
        input: [value('x'), value('w', [1])],
        initializer: [floats('w', [1], [2])],
        node: [node('Mul', ['x', 'w'], ['y'])],
        output: [value('y')],
      },
      8,
      { irVersion: 3 },
    ),
  );
  expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
  expect(graph.constants.has('w')).toBe(true);
});

test('nodes out of order are sorted, also by what their subgraphs read', () => {
  const branch = { name: 'b', node: [node('Relu', ['late'], ['o'])], output: [value('o')] };
  const graph = parseOnnx(
    model({
      input: [value('x')],
      node: [
        node('If', ['x'], ['c'], [attr.graph('then_branch', branch)], { name: 'if' }),
        node('Relu', ['b'], ['y'], [], { name: 'second' }),
        node('Relu', ['x'], ['b'], [], { name: 'first' }),
        node('Relu', ['y'], ['late'], [], { name: 'late' }),
      ],
      output: [value('y'), value('c')],
    }),
  );
  expect(graph.nodes.map(({ name }) => name)).toEqual(['first', 'second', 'late', 'if']);
});

test('a long chain in reverse order needs no deep stack', () => {
  const count = 20_000;
  const nodes = Array.from({ length: count }, (_, i) =>
    node('Relu', [i === count - 1 ? 'x' : `v${i + 1}`], [`v${i}`]),
  );
  const graph = parseOnnx(model({ input: [value('x')], node: nodes, output: [value('v0')] }));
  expect(graph.nodes[0]?.inputs).toEqual(['x']);
});

test('broken rules are named with their place', () => {
  const x = value('x');
  const cases: [Parameters<typeof model>[0], string, Record<string, unknown>][] = [
    [
      {
        node: [
          node('Relu', ['b'], ['a'], [], { name: 'n1' }),
          node('Relu', ['a'], ['b'], [], { name: 'n2' }),
        ],
      },
      'depends on itself',
      { path: 'graph' },
    ],
    [
      { input: [x], node: [node('Relu', ['x'], ['y']), node('Relu', ['x'], ['y'], [], { name: 'twin' })] },
      'defined before',
      { value: 'y' },
    ],
    [
      { input: [x], node: [node('Relu', ['x'], ['x'], [], { name: 'self' })] },
      'defined before, by graph.input[0]',
      { value: 'x' },
    ],
    [
      { input: [x], node: [node('Relu', ['nothing'], ['y'], [], { name: 'lost' })] },
      'nothing makes',
      { path: 'graph.node[0] "lost" (Relu)', value: 'nothing' },
    ],
    [{ input: [x, x] }, 'comes twice', { path: 'graph.input[1]' }],
    [{ output: [value('y')] }, 'nothing makes', { path: 'graph.output[0]' }],
    [{ input: [x], output: [x, x] }, 'comes twice', { path: 'graph.output[1]' }],
    [{ input: [x], node: [node('', ['x'], ['y'])] }, 'no operator', {}],
    [{ input: [{ type: {} }] }, 'no name', { path: 'graph.input[0]' }],
    [{ initializer: [floats('', [1], [1])] }, 'no name', { path: 'graph.initializer[0]' }],
    [
      { initializer: [floats('w', [1], [1]), floats('w', [1], [1])] },
      'defined before',
      { path: 'graph.initializer[1]' },
    ],
    [
      { input: [x], node: [node('Relu', ['x'], ['y'], [attr.int('a', 1), attr.int('a', 2)])] },
      'comes twice',
      { path: 'graph.node[0].attribute[1]' },
    ],
    [
      { input: [x], node: [node('Relu', ['x'], ['y'], [{ i: 1 }])] },
      'no name',
      { path: 'graph.node[0].attribute[0]' },
    ],
    [
      { input: [x], node: [node('F', ['x'], ['y'], [attr.tensor('t', { dims: [3], dataType: 1 })])] },
      'needs 3 entries',
      { path: 'graph.node[0].attribute[0].t (no name)' },
    ],
  ];
  for (const [graph, message, details] of cases) {
    const caught = failure('HT_MODEL_INVALID', () => parseOnnx(model(graph)));
    expect(caught).toMatchObject(details);
    expect(caught['message']).toMatch(message);
  }
  failure('HT_MODEL_INVALID', () => parseOnnx(new Uint8Array()));
  failure('HT_MODEL_INVALID', () => parseOnnx(new TextEncoder().encode('{"not": "onnx"}')));
  failure('HT_MODEL_INVALID', () =>
    parseOnnx(model({}, 13, { opsetImport: [{ version: 13 }, { domain: 'ai.onnx', version: 12 }] })),
  );
  failure('HT_MODEL_INVALID', () => parseOnnx(model({}, 13, { opsetImport: [{ version: 0 }] })));
});

test('opsets: before 7 refused, later ones kept', () => {
  expect(failure('HT_UNSUPPORTED', () => parseOnnx(model({}, 6)))).toMatchObject({ opset: 6, oldest: 7 });
  failure('HT_UNSUPPORTED', () => parseOnnx(model({}, 1, { irVersion: 2, opsetImport: [] })));
  expect(parseOnnx(model({}, 12)).opset).toBe(13);
  expect(parseOnnx(model({}, 22)).opset).toBe(22);
  expect(parseOnnx(model({}, 99)).opset).toBe(99);
  expect(parseOnnx(model({}, 0, { opsetImport: [{ domain: 'ai.onnx.ml', version: 3 }] })).opset).toBe(13);
});

test('nodes that a function of the model defines are opaque', () => {
  const functions = [
    { name: 'Relu', domain: '', node: [node('Identity', ['a'], ['b'])], input: ['a'], output: ['b'] },
  ];
  const graph = parseOnnx(
    model({ input: [value('x')], node: [node('Relu', ['x'], ['y'])], output: [value('y')] }, 13, {
      functions,
    }),
  );
  expect(graph.nodes[0]?.opaque).toBe(true);
});

test('odd attributes: huge integers are clamped, other kinds kept apart', () => {
  const odd = [
    attr.int('big', 0),
    { name: 'ref', type: 2, refAttrName: 'outer' },
    { name: 'latin', type: 3, s: Uint8Array.of(0xe9) },
    { name: 'bare', i: 5 },
  ];
  const bytes = model({
    input: [value('x')],
    node: [node('F', ['x'], ['y'], [{ ...(odd[0] as object), i: 2n ** 62n }, ...odd.slice(1)])],
  });
  expect(parseOnnx(bytes).nodes[0]?.attributes).toEqual({
    big: { type: 'int', value: Number.MAX_SAFE_INTEGER },
    ref: { type: 'other' },
    latin: { type: 'other' },
    bare: { type: 'int', value: 5 },
  });
});

test('many nodes to lift take time in proportion', () => {
  const count = 20_000;
  const nodes = Array.from({ length: count }, (_, i) =>
    node('Clip', [i === 0 ? 'x' : `v${i - 1}`], [`v${i}`], [attr.float('min', 0)]),
  );
  const bytes = model({ input: [value('x')], node: nodes, output: [value(`v${count - 1}`)] }, 9);
  const start = performance.now();
  expect(parseOnnx(bytes).constants.size).toBe(count);
  expect(performance.now() - start).toBeLessThan(10_000);
});
