import { tensor } from '@halftone/core';
import { type Attribute, constantOf, type Graph, makeNode, type Node } from '@halftone/graph';
import { expect, test } from 'vitest';
import { parseOnnx, readModel, serializeOnnx } from '../src/index.ts';
import { attr, failure, floats, model, node, richModel, value } from './models.ts';

/** What a graph says, without what its reader keeps. */
function meaning(graph: Graph): unknown {
  const attribute = (value: Attribute): unknown =>
    value.type === 'tensor' ? [value.value.shape, [...value.value.tensor().data]] : value;
  const infos = (list: Iterable<{ name: string; elementType: unknown; shape: unknown }>): unknown =>
    [...list].map(({ name, elementType, shape }) => ({ name, elementType, shape }));
  return {
    ...graph,
    origin: undefined,
    inputs: infos(graph.inputs),
    outputs: infos(graph.outputs),
    values: infos(graph.values.values()),
    nodes: graph.nodes.map(({ origin: _origin, ...rest }) => ({
      ...rest,
      attributes: Object.fromEntries(
        Object.entries(rest.attributes).map(([key, entry]) => [key, attribute(entry)]),
      ),
    })),
    constants: new Map(
      [...graph.constants].map(([name, { elementType, shape, byteLength }]) => [
        name,
        { elementType, shape, byteLength },
      ]),
    ),
  };
}

function edit(graph: Graph, change: (node: Node) => Node): Graph {
  return { ...graph, nodes: graph.nodes.map(change) };
}

test('an untouched model is written byte by byte', () => {
  for (const opset of [13, 17, 22, 30]) {
    const bytes = richModel(opset);
    expect(Buffer.compare(serializeOnnx(parseOnnx(bytes)), bytes)).toBe(0);
  }
  const listed = model(
    {
      input: [value('w', [1]), value('x')],
      initializer: [floats('w', [1], [1])],
      node: [node('Add', ['x', 'w'], ['y'])],
      output: [value('y')],
    },
    13,
    { irVersion: 3 },
  );
  expect(serializeOnnx(parseOnnx(listed))).toEqual(listed);
  const sparse = model({
    sparseInitializer: [
      { values: floats('s', [1], [1]), indices: { dims: [1], dataType: 7, int64Data: [0] }, dims: [4] },
    ],
    node: [node('Relu', ['s'], ['y'])],
    output: [value('y')],
  });
  expect(serializeOnnx(parseOnnx(sparse))).toEqual(sparse);
});

test('reading what was written gives the same graph', () => {
  for (const opset of [8, 11, 13, 18]) {
    const graph = edit(parseOnnx(richModel(Math.max(opset, 11))), (source) =>
      source.op === 'Gemm' ? { ...source, inputs: ['x', 'w2', 'b'] } : source,
    );
    const next: Graph = {
      ...graph,
      constants: new Map([
        ...graph.constants,
        ['w2', constantOf('w2', tensor('float32', new Float32Array(12), [4, 3]))],
      ]),
    };
    const constants = new Map(next.constants);
    // it is read no more, but for the subgraph
    expect(constants.has('w')).toBe(true);
    const back = parseOnnx(serializeOnnx(next));
    expect(meaning(back)).toEqual(meaning(next));
    expect(meaning(parseOnnx(serializeOnnx(back)))).toEqual(meaning(back));
  }
});

test('an edit leaves everything else as it stood', () => {
  const bytes = richModel();
  const graph = parseOnnx(bytes);
  const edited = edit(graph, (source) =>
    source.op === 'Gemm'
      ? { ...source, attributes: { ...source.attributes, alpha: { type: 'float', value: 2 } } }
      : source,
  );
  const before = readModel(bytes);
  const after = readModel(serializeOnnx(edited));
  expect({ ...after, graph: undefined }).toEqual({ ...before, graph: undefined });
  expect(after.graph?.node?.filter(({ name }) => name !== 'fc')).toEqual(
    before.graph?.node?.filter(({ name }) => name !== 'fc'),
  );
  const fc = after.graph?.node?.find(({ name }) => name === 'fc');
  expect(fc).toMatchObject({
    docString: 'dense',
    metadataProps: [{ key: 'k', value: 'v' }],
    attribute: [
      { name: 'alpha', f: 2 },
      { name: 'transA', i: 0 },
    ],
  });
  expect(after.graph?.docString).toBe('a graph');
  expect(after.unknownFields).toEqual(before.unknownFields);
});

test('a copied opaque node keeps its attributes, subgraphs among them', () => {
  const bytes = richModel();
  const edited = edit(parseOnnx(bytes), ({ origin: _origin, ...rest }) =>
    rest.opaque ? { ...rest, name: `${rest.name}2` } : rest,
  );
  const attributes = (file: Uint8Array): unknown =>
    readModel(file)
      .graph?.node?.filter(({ opType }) => opType === 'If' || opType === 'Mystery')
      .map(({ attribute }) => attribute);
  expect(attributes(serializeOnnx(edited))).toEqual(attributes(bytes));
  const made = edit(parseOnnx(bytes), (source) =>
    source.op === 'If' ? { ...source, attributes: { then_branch: { type: 'other' } } } : source,
  );
  expect(failure('HT_UNSUPPORTED', () => serializeOnnx(made))).toMatchObject({
    node: 'if',
    attribute: 'then_branch',
  });
});

test('constants that are read no more go, those that never were stay', () => {
  const graph = parseOnnx(richModel());
  const cut: Graph = {
    ...edit(graph, (source) =>
      source.op === 'Gemm'
        ? makeNode('MatMul', ['x', 'w'], ['h'])
        : source.op === 'Clip'
          ? makeNode('Relu', ['h'], ['y'])
          : source,
    ),
  };
  const after = readModel(serializeOnnx(cut));
  expect(after.graph?.initializer?.map(({ name }) => name)).toEqual(['w', 'idle']);
  expect(after.graph?.node?.map(({ opType }) => opType)).toEqual(['MatMul', 'Relu', 'If', 'Mystery']);
});

test('Constant nodes stand before what reads them, whatever moved', () => {
  const graph = parseOnnx(
    model({
      input: [value('x')],
      node: [
        node('Relu', ['x'], ['a']),
        node('Constant', [], ['c'], [attr.float('value_float', 2)]),
        node('Mul', ['a', 'c'], ['y']),
      ],
      output: [value('y')],
    }),
  );
  const early: Graph = {
    ...graph,
    nodes: [makeNode('Add', ['x', 'c'], ['x2']), makeNode('Relu', ['x2'], ['a']), ...graph.nodes.slice(1)],
  };
  expect(readModel(serializeOnnx(early)).graph?.node?.map(({ opType }) => opType)).toEqual([
    'Constant',
    'Add',
    'Relu',
    'Mul',
  ]);
});

test('a lifted model says so', () => {
  const bytes = model(
    {
      input: [value('x', [1, 2]), value('w', [2])],
      initializer: [floats('w', [2], [1, 2])],
      node: [
        node('Add', ['x', 'w'], ['s'], [], { name: 'add' }),
        node('Clip', ['s'], ['y'], [attr.float('min', 0)], { name: 'clip', docString: 'note' }),
      ],
      output: [value('y')],
    },
    8,
    { irVersion: 3, producerName: 'old' },
  );
  const graph = parseOnnx(bytes);
  const after = readModel(serializeOnnx(graph));
  expect(after).toMatchObject({
    irVersion: 7,
    producerName: 'old',
    opsetImport: [{ domain: '', version: 13 }],
  });
  // listed initializers could be replaced by the caller from IR version 4 on
  expect(after.graph?.input?.map(({ name }) => name)).toEqual(['x']);
  expect(after.graph?.node?.[0]).toEqual(readModel(bytes).graph?.node?.[0]);
  expect(after.graph?.node?.[1]).toMatchObject({ name: 'clip', docString: 'note', input: ['s', 'y_min'] });
  expect(meaning(parseOnnx(serializeOnnx(graph)))).toEqual({ ...(meaning(graph) as object) });
});

test('a raised opset lifts what is there, and is never lowered', () => {
  const graph = parseOnnx(
    model(
      {
        input: [value('x', [2, 3])],
        node: [node('ReduceMean', ['x'], ['y'], [attr.ints('axes', [1])])],
        output: [value('y')],
      },
      13,
      { irVersion: 7 },
    ),
  );
  const after = readModel(serializeOnnx({ ...graph, opset: 21 }));
  expect(after).toMatchObject({
    irVersion: 10,
    opsetImport: [{ version: 21 }],
    graph: { node: [{ input: ['x', 'y_axes'] }] },
  });
  expect(failure('HT_INVALID_ARGUMENT', () => serializeOnnx({ ...graph, opset: 12 }))).toMatchObject({
    opset: 12,
    least: 13,
  });
  failure('HT_INVALID_ARGUMENT', () => serializeOnnx({ ...parseOnnx(model({}, 17)), opset: 13 }));
});

test('what cannot be said in the newer opset is refused by name, on writing only', () => {
  const inner = {
    name: 'b',
    node: [node('Squeeze', ['x'], ['o'], [attr.ints('axes', [0])], { name: 'inside' })],
    output: [value('o')],
  };
  const scatter = parseOnnx(
    model(
      {
        input: [value('x')],
        node: [node('Scatter', ['x', 'x', 'x'], ['y'], [], { name: 'old' })],
        output: [value('y')],
      },
      10,
    ),
  );
  expect(scatter.nodes[0]?.opaque).toBe(true);
  expect(failure('HT_UNSUPPORTED', () => serializeOnnx(scatter))).toMatchObject({
    node: 'old',
    op: 'Scatter',
    opset: 13,
  });
  const branch = parseOnnx(
    model(
      {
        input: [value('x')],
        node: [node('If', ['x'], ['y'], [attr.graph('then_branch', inner)], { name: 'outside' })],
        output: [value('y')],
      },
      11,
    ),
  );
  expect(failure('HT_UNSUPPORTED', () => serializeOnnx(branch))).toMatchObject({
    node: 'inside',
    op: 'Squeeze',
  });
  const spatial = parseOnnx(
    model(
      {
        input: [value('x')],
        node: [
          node('BatchNormalization', ['x', 'x', 'x', 'x', 'x'], ['y'], [attr.int('spatial', 0)], {
            name: 'bn',
          }),
        ],
        output: [value('y')],
      },
      8,
    ),
  );
  expect(spatial.nodes[0]?.opaque).toBe(true);
  expect(failure('HT_UNSUPPORTED', () => serializeOnnx(spatial))['message']).toMatch('spatial');
});

test('a new graph', () => {
  const graph: Graph = {
    name: 'made',
    opset: 13,
    domains: new Map(),
    inputs: [{ name: 'x', elementType: 'float32', shape: ['N', 2, undefined] }],
    outputs: [{ name: 'y', elementType: 'float32', shape: undefined }],
    nodes: [
      makeNode('Add', ['x', 'one'], ['t'], {}, { name: 'add' }),
      makeNode(
        'Gelu',
        ['t'],
        ['y'],
        {
          list: { type: 'ints', value: [1, -1] },
          words: { type: 'strings', value: ['a', 'é'] },
          some: { type: 'floats', value: [0.5] },
        },
        { domain: 'com.microsoft' },
      ),
    ],
    constants: new Map([
      ['one', constantOf('one', tensor('float32', [1], []))],
      ['unused', constantOf('unused', tensor('int8', [1]))],
    ]),
    values: new Map([['t', { name: 't', elementType: 'float32', shape: ['N', 2] }]]),
  };
  const bytes = serializeOnnx(graph);
  expect(serializeOnnx(graph)).toEqual(bytes);
  expect(readModel(bytes)).toMatchObject({
    irVersion: 7,
    producerName: 'halftone',
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'com.microsoft', version: 1 },
    ],
  });
  const back = parseOnnx(bytes);
  const constants = new Map([['one', graph.constants.get('one')]]);
  expect(meaning({ ...back, nodes: back.nodes.map((entry) => ({ ...entry, opaque: false })) })).toEqual(
    meaning({ ...graph, domains: new Map([['com.microsoft', 1]]), constants } as Graph),
  );
  const foreign = { ...graph, nodes: [makeNode('Op', ['x'], ['y'], {}, { domain: 'elsewhere' })] };
  expect(failure('HT_INVALID_ARGUMENT', () => serializeOnnx(foreign))).toMatchObject({ domain: 'elsewhere' });
});

test('value types: stale ones stay, those of values that went go, changed ones are written', () => {
  const graph = parseOnnx(richModel());
  const values = new Map(graph.values);
  values.set('h', { ...(values.get('h') as never as object), shape: [1, 3] } as never);
  values.set('c', { name: 'c', elementType: 'float32', shape: undefined });
  const names = (source: Graph): unknown =>
    readModel(serializeOnnx(source)).graph?.valueInfo?.map(({ name, type }) => [
      name,
      type?.tensorType?.shape?.dim?.length,
    ]);
  expect(names({ ...graph, values })).toEqual([
    ['h', 2],
    ['stale', 1],
    ['c', undefined],
  ]);
  const renamed = edit(graph, (source) =>
    source.op === 'Gemm'
      ? { ...source, outputs: ['h2'] }
      : source.op === 'Clip'
        ? { ...source, inputs: ['h2', '', 'limit'] }
        : { ...source, captures: [] },
  );
  expect(names(renamed)).toEqual([['stale', 1]]);
});
