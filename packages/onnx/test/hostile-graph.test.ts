import { isHalftoneError } from '@halftone/core';
import { prepareFloat } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import {
  type GraphProto,
  type NodeProto,
  parseOnnx,
  readModel,
  serializeOnnx,
  writeModel,
} from '../src/index.ts';
import { attr, failure, floats, model, node, value } from './models.ts';

const x = value('x', [4]);
const reserved = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf'];

describe('names of what every object has', () => {
  test.each(reserved)(
    '%s as input, output, initializer, attribute, dimension, operator and domain',
    (name) => {
      const bytes = model(
        {
          input: [value(name, [name, 4])],
          initializer: [floats(`${name}.w`, [4], [1, 2, 3, 4])],
          node: [
            node('Add', [name, `${name}.w`], [`${name}.y`], [attr.int(name, 7)], { name }),
            node(name, [`${name}.y`], [`${name}.z`], [attr.text('mode', name)], { domain: name }),
          ],
          output: [value(`${name}.z`)],
          valueInfo: [value(`${name}.y`, [name])],
          metadataProps: [{ key: name, value: name }],
        },
        13,
        {
          opsetImport: [{ version: 13 }, { domain: name, version: 3 }],
        },
      );
      const graph = parseOnnx(bytes);
      expect(graph.inputs[0]).toMatchObject({ name, shape: [name, 4] });
      expect(Object.entries(graph.nodes[0]?.attributes ?? {})).toEqual([[name, { type: 'int', value: 7 }]]);
      expect(graph.nodes[1]).toMatchObject({ op: name, domain: name, opaque: true });
      expect(graph.domains.get(name)).toBe(3);
      expect(serializeOnnx(graph)).toEqual(bytes);
      expect(serializeOnnx({ ...prepareFloat(graph), name: 'changed' }).length).toBeGreaterThan(0);
    },
  );

  test('an attribute of such a name alone is no attribute of another', () => {
    const old = model({ input: [x], node: [node('Clip', ['x'], ['y'])], output: [value('y')] }, 9);
    expect(parseOnnx(old).nodes[0]?.inputs).toEqual(['x']);
  });
});

describe('versions', () => {
  const graph: GraphProto = { input: [x], node: [node('Relu', ['x'], ['y'])], output: [value('y')] };

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 1000, -1, 2n ** 63n - 1n, -(2n ** 63n)])(
    'IR version %s is kept',
    (irVersion) => {
      const bytes = model(graph, 13, { irVersion });
      expect(readModel(serializeOnnx(parseOnnx(bytes))).irVersion).toBe(irVersion);
    },
  );

  test('a missing IR version is left out again, and raised where the opset is', () => {
    const bytes = writeModel({ opsetImport: [{ version: 13 }], graph });
    expect(serializeOnnx(parseOnnx(bytes))).toEqual(bytes);
    const old = writeModel({ opsetImport: [{ version: 9 }], graph });
    expect(readModel(serializeOnnx(parseOnnx(old))).irVersion).toBe(7);
  });

  test('before IR version 4 initializers need not be inputs to be read, nor after it not to be', () => {
    for (const irVersion of [3, 4]) {
      for (const input of [[x], [x, value('w', [4])]]) {
        const bytes = model(
          {
            input,
            initializer: [floats('w', [4], [1, 2, 3, 4])],
            node: [node('Add', ['x', 'w'], ['y'])],
            output: [value('y')],
          },
          13,
          { irVersion },
        );
        const read = parseOnnx(bytes);
        expect([read.inputs.map(({ name }) => name), read.constants.has('w')]).toEqual([['x'], true]);
        expect(serializeOnnx(read)).toEqual(bytes);
      }
    }
  });

  test('one domain twice: read where the versions agree', () => {
    const twice = [
      { version: 13 },
      { domain: 'ai.onnx', version: 13 },
      { domain: 'd', version: 2 },
      { domain: 'd', version: 2 },
    ];
    const bytes = model(graph, 13, { opsetImport: twice });
    expect(serializeOnnx(parseOnnx(bytes))).toEqual(bytes);
    const raised = readModel(serializeOnnx({ ...parseOnnx(bytes), opset: 14 })).opsetImport ?? [];
    expect(raised.map(({ domain = '', version }) => [domain, version])).toEqual([
      ['', 14],
      ['ai.onnx', 14],
      ['d', 2],
      ['d', 2],
    ]);
    for (const other of [{ version: 12 }, { domain: 'd', version: 1 }])
      failure('HT_MODEL_INVALID', () => parseOnnx(model(graph, 13, { opsetImport: [...twice, other] })));
  });

  test.each([0, -1, 2n ** 63n - 1n, -(2n ** 63n)])('opset %s is refused', (version) => {
    failure('HT_MODEL_INVALID', () => parseOnnx(model(graph, 13, { opsetImport: [{ version }] })));
    failure('HT_MODEL_INVALID', () =>
      parseOnnx(model(graph, 13, { opsetImport: [{ version: 13 }, { domain: 'd', version }] })),
    );
  });

  test('an opset of no version is refused, a huge one kept', () => {
    failure('HT_MODEL_INVALID', () => parseOnnx(model(graph, 13, { opsetImport: [{}] })));
    expect(parseOnnx(model(graph, 2 ** 40)).opset).toBe(2 ** 40);
  });
});

describe('graphs that cannot be', () => {
  const branch = (read: string): GraphProto => ({
    node: [node('Relu', [read], ['b'])],
    output: [value('b')],
  });

  test('a cycle through what a subgraph reads', () => {
    const nodes = [
      node('If', ['x'], ['c'], [attr.graph('then_branch', branch('late'))], { name: 'if' }),
      node('Relu', ['c'], ['late'], [], { name: 'late' }),
    ];
    const caught = failure('HT_MODEL_INVALID', () =>
      parseOnnx(model({ input: [x], node: nodes, output: [value('c')] })),
    );
    expect(['if', 'late']).toContain(caught['node']);
  });

  test('a subgraph three deep that reads its own node', () => {
    const deep = (read: string, levels: number): GraphProto =>
      levels === 0
        ? branch(read)
        : {
            node: [node('If', ['x'], ['b'], [attr.graph('g', deep(read, levels - 1))])],
            output: [value('b')],
          };
    const graph = { input: [x], node: [node('If', ['x'], ['c'], [attr.graph('g', deep('c', 3))])] };
    failure('HT_MODEL_INVALID', () => parseOnnx(model(graph)));
    failure('HT_MODEL_INVALID', () =>
      parseOnnx(
        model({ input: [x], node: [node('If', ['x'], ['c'], [attr.graph('g', deep('nothing', 3))])] }),
      ),
    );
  });

  test('a value that a node and the file make, in each pair', () => {
    const relu = (to: string): readonly NodeProto[] => [node('Relu', ['x'], [to])];
    const w = floats('w', [1], [1]);
    const sparse = { values: w, indices: { name: '', dims: [1], dataType: 7, int64Data: [0] }, dims: [1] };
    const cases: GraphProto[] = [
      { input: [x], initializer: [w], node: relu('w') },
      { input: [x], sparseInitializer: [sparse], node: relu('w') },
      { input: [x], initializer: [w], sparseInitializer: [sparse] },
      { input: [x], node: relu('x') },
      {
        input: [x],
        node: [node('Constant', [], ['k'], [attr.float('value_float', 1)]), node('Relu', ['x'], ['k'])],
      },
      { input: [x], node: [node('Split', ['x'], ['a', 'a'])] },
    ];
    for (const graph of cases) failure('HT_MODEL_INVALID', () => parseOnnx(model(graph)));
  });

  test('no nodes, no inputs, no outputs', () => {
    for (const graph of [
      {},
      { input: [x] },
      { input: [x], output: [x] },
      { initializer: [floats('w', [1], [1])] },
    ]) {
      const bytes = model(graph);
      expect(serializeOnnx(parseOnnx(bytes))).toEqual(bytes);
    }
    failure('HT_MODEL_INVALID', () =>
      parseOnnx(writeModel({ irVersion: 8, opsetImport: [{ version: 13 }] })),
    );
  });

  test('functions that call themselves are never unfolded', () => {
    const functions = ['A', 'B'].map((name) => ({
      name,
      domain: 'local',
      input: ['a'],
      output: ['r'],
      node: [node(name === 'A' ? 'B' : 'A', ['a'], ['r'], [], { domain: 'local' })],
    }));
    const bytes = model(
      { input: [x], node: [node('A', ['x'], ['y'], [], { domain: 'local' })], output: [value('y')] },
      13,
      {
        functions,
        opsetImport: [{ version: 13 }, { domain: 'local', version: 1 }],
      },
    );
    const graph = parseOnnx(bytes);
    expect(graph.nodes[0]?.opaque).toBe(true);
    expect(serializeOnnx(graph)).toEqual(bytes);
  });
});

describe('attributes that lie', () => {
  test('a value of another field than the type says is not read', () => {
    const { attributes } = parseOnnx(
      model({
        input: [x],
        node: [node('F', ['x'], ['y'], [{ name: 'a', type: 2, f: 2.5, s: Uint8Array.of(1), ints: [9] }])],
      }),
    ).nodes[0]!;
    expect(attributes).toEqual({ a: { type: 'int', value: 0 } });
  });

  test('a type that no version has is kept and not read', () => {
    for (const type of [12, 99, -1, 2 ** 31 - 1]) {
      const bytes = model({ input: [x], node: [node('F', ['x'], ['y'], [{ name: 'a', type, i: 3 }])] });
      const graph = parseOnnx(bytes);
      expect(graph.nodes[0]?.attributes).toEqual({ a: { type: 'other' } });
      expect(serializeOnnx(graph)).toEqual(bytes);
    }
  });

  test('a constant whose attribute says another type than its name', () => {
    const constant = (attribute: object): Uint8Array =>
      model({ node: [node('Constant', [], ['k'], [attribute])], output: [value('k')] });
    const t = floats('', [1], [2]);
    for (const type of [1, 2, 6, 11, -1])
      failure('HT_MODEL_INVALID', () => parseOnnx(constant({ name: 'value', t, type })));
    failure('HT_MODEL_INVALID', () => parseOnnx(constant({ name: 'value_float', f: 1, type: 2 })));
    for (const type of [{}, { type: 0 }, { type: 4 }])
      expect(
        parseOnnx(constant({ name: 'value', t, ...type }))
          .constants.get('k')
          ?.tensor().data[0],
      ).toBe(2);
    const outer = parseOnnx(constant({ name: 'value', type: 4, refAttrName: 'outer' }));
    expect([outer.constants.size, outer.nodes[0]?.op]).toEqual([0, 'Constant']);
  });

  test('a tensor attribute without its tensor', () => {
    failure('HT_MODEL_INVALID', () =>
      parseOnnx(model({ input: [x], node: [node('F', ['x'], ['y'], [{ name: 't', type: 4 }])] })),
    );
    failure('HT_MODEL_INVALID', () =>
      parseOnnx(model({ node: [node('Constant', [], ['y'], [{ name: 'value', type: 4 }])] })),
    );
  });
});

describe('shapes that lie', () => {
  test.each([
    [[-1]],
    [[2n ** 63n - 1n]],
    [[-(2n ** 63n)]],
    [[2 ** 53 - 1, 2]],
    [[2 ** 31, 2 ** 31]],
    [[2 ** 52]],
    // empty, and what its other axes span could not be counted
    [[0, 2 ** 53 - 1, 2 ** 53 - 1]],
    [[2 ** 53 - 1, 2 ** 53 - 1, 0]],
    [[...Array<number>(40).fill(2 ** 52), 0]],
  ])('a tensor of shape %s is refused', (dims) => {
    for (const dataType of [1, 7, 9, 11, 22]) {
      failure('HT_MODEL_INVALID', () => parseOnnx(model({ initializer: [{ name: 'w', dims, dataType }] })));
      failure('HT_MODEL_INVALID', () =>
        parseOnnx(model({ initializer: [{ name: 'w', dims, dataType, rawData: new Uint8Array(8) }] })),
      );
    }
  });

  test('empty tensors of honest shapes are read', () => {
    for (const dims of [[0], [0, 1000], [3, 0, 2 ** 20]]) {
      const graph = parseOnnx(model({ initializer: [{ name: 'w', dims, dataType: 1 }] }));
      expect(graph.constants.get('w')?.tensor()).toEqual({
        dtype: 'float32',
        shape: dims,
        data: new Float32Array(),
      });
    }
  });

  test('the shape of a value may be stated as anything; extents past 2^53 are refused', () => {
    const stated = (dimValue: number | bigint): Uint8Array =>
      model({
        input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim: [{ dimValue }] } } } }],
      });
    expect(parseOnnx(stated(-7)).inputs[0]?.shape).toEqual([undefined]);
    expect(parseOnnx(stated(2 ** 53 - 1)).inputs[0]?.shape).toEqual([2 ** 53 - 1]);
    failure('HT_MODEL_INVALID', () => parseOnnx(stated(2n ** 60n)));
  });

  test('what the file states of an initializer does not change it', () => {
    const graph = parseOnnx(
      model({
        input: [x],
        initializer: [floats('w', [4], [1, 2, 3, 4])],
        node: [node('Add', ['x', 'w'], ['y'])],
        valueInfo: [{ ...value('w', [9, 9]), type: { tensorType: { elemType: 7 } } }],
        output: [value('y')],
      }),
    );
    expect(graph.constants.get('w')).toMatchObject({ elementType: 'float32', shape: [4] });
  });

  test('a message about a name of megabytes is short', () => {
    const name = 'n'.repeat(3_000_000);
    const { message } = failure('HT_MODEL_INVALID', () => parseOnnx(model({ output: [value(name)] })));
    expect(String(message).length).toBeLessThan(1000);
  });
});

describe('large', () => {
  test('100,000 nodes in a chain, in order and backwards', () => {
    const count = 100_000;
    const chain = Array.from({ length: count }, (_, i) =>
      node('Relu', [i === 0 ? 'x' : `v${i}`], [`v${i + 1}`]),
    );
    const start = performance.now();
    for (const nodes of [chain, chain.toReversed()]) {
      const graph = parseOnnx(model({ input: [x], node: nodes, output: [value(`v${count}`)] }));
      expect(graph.nodes[0]?.inputs).toEqual(['x']);
    }
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('a million integers in an attribute', () => {
    const ints = Array.from({ length: 1_000_000 }, (_, i) => i % 100);
    const graph = parseOnnx(
      model({ input: [x], node: [node('F', ['x'], ['y'], [attr.ints('a', ints)])], output: [value('y')] }),
    );
    const { a } = graph.nodes[0]!.attributes;
    expect(a?.type === 'ints' && a.value.length).toBe(1_000_000);
  });

  test('a node of 150,000 inputs that all have nodes of their own', () => {
    const count = 150_000;
    const names = Array.from({ length: count }, (_, i) => `v${i}`);
    const nodes = [
      node('Concat', names, ['y'], [attr.int('axis', 0)]),
      ...names.map((name) => node('Relu', ['x'], [name])),
    ];
    const graph = parseOnnx(model({ input: [x], node: nodes, output: [value('y')] }));
    expect(graph.nodes.at(-1)?.op).toBe('Concat');
    expect(prepareFloat(graph).nodes).toHaveLength(count + 1);
  }, 60_000);
});

test('a constant may be decoded again and again, and errors stay typed', () => {
  const words = parseOnnx(
    model({ initializer: [{ name: 's', dims: [1], dataType: 8, stringData: [Uint8Array.of(0xff)] }] }),
  ).constants.get('s');
  for (let i = 0; i < 2; i++) expect(() => words?.tensor()).toThrow();
  try {
    words?.tensor();
  } catch (error) {
    expect(isHalftoneError(error, 'HT_UNSUPPORTED')).toBe(true);
  }
});
