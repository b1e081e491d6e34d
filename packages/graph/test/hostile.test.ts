import { openBackend, type Tensor, tensor } from '@halftone/core';
import { describe, expect, it, test } from 'vitest';
import { GraphEditor } from '../src/edit.ts';
import { GraphSession } from '../src/execute/session.ts';
import { FreshNames } from '../src/fresh-names.ts';
import { inferShapes } from '../src/infer.ts';
import { attribute, constantOf, type Graph, makeNode, type Node } from '../src/ir.ts';
import { foldAffine, foldConstants, prepareFloat, prepareInteger } from '../src/passes/index.ts';
import { codeOf, floats, graphOf, info, int64, nullBackend, tinyBackend } from './support.ts';

describe('values named as what every object has', () => {
  test.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])('%s', async (name) => {
    const graph = graphOf([info(name, ['N', 2])], [makeNode('Relu', [name], [`${name}.y`])], [`${name}.y`]);
    expect(inferShapes(graph).get(`${name}.y`)?.shape).toEqual(['N', 2]);
    const shapes = Object.fromEntries([[name, [3, 2]]]);
    expect(inferShapes(graph, shapes).get(`${name}.y`)?.shape).toEqual([3, 2]);
    expect(inferShapes(graph, { other: [1] }).get(name)?.shape).toEqual(['N', 2]);

    const named = graphOf([info('x', [1, 2])], [makeNode('Relu', ['x'], [name])], [name]);
    const backend = await openBackend(tinyBackend('tiny', ['unary']));
    const session = new GraphSession(named, { backends: [backend] });
    const results = await session.run({ x: tensor('float32', [-1, 2], [1, 2]) });
    expect(Object.keys(results)).toEqual([name]);
    expect(Array.from(results[name]?.data ?? [], Number)).toEqual([0, 2]);
    await session.dispose();

    const fed = new GraphSession(graph, { backends: [backend] });
    expect(await codeOf(() => fed.run({}))).toBe('HT_INVALID_ARGUMENT');
    const feeds = Object.fromEntries([[name, tensor('float32', [-1, 2], [1, 2])]]);
    expect(Array.from((await fed.run(feeds))[`${name}.y`]?.data ?? [], Number)).toEqual([0, 2]);
    await fed.dispose();
    await backend.dispose();
  });
});

describe('new names', () => {
  const loop: Node = { ...makeNode('Loop', ['x'], ['y']), opaque: true };

  it('are none that stand in a subgraph, nor those of values that are stated and gone', () => {
    const graph: Graph = {
      ...graphOf([info('x', [1])], [loop], ['y']),
      reserved: new Set(['y_codes', 'y_codes_1']),
      values: new Map([['stale', info('stale', [9])]]),
    };
    const editor = new GraphEditor(graph);
    expect([editor.fresh('y_codes'), editor.fresh('stale')]).toEqual(['y_codes_2', 'stale_1']);
    expect(editor.finish().reserved).toEqual(graph.reserved);
  });

  it('of one base take time in proportion', () => {
    const names = new FreshNames(['w', 'w_2']);
    expect([names.take('w'), names.take('w'), names.take('w'), names.take('v')]).toEqual([
      'w_1',
      'w_3',
      'w_4',
      'v',
    ]);
    const start = performance.now();
    for (let i = 0; i < 100_000; i++) names.take('w');
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

it('keeps what the file says of an opaque node whose input moves', () => {
  const origin = { kind: 'node' };
  const graph = graphOf(
    [info('x', [1])],
    [
      makeNode('Identity', ['x'], ['i']),
      { ...makeNode('Mystery', ['i'], ['y']), opaque: true, origin },
      { ...makeNode('Relu', ['i'], ['z']), origin },
    ],
    ['y', 'z'],
  );
  const [mystery, relu] = prepareFloat(graph).nodes;
  expect([mystery?.inputs, mystery?.origin, relu?.inputs, relu?.origin]).toEqual([
    ['x'],
    origin,
    ['x'],
    undefined,
  ]);
});

it('sorts a node of 150,000 inputs that all have nodes of their own', () => {
  const names = Array.from({ length: 150_000 }, (_, i) => `v${i}`);
  const nodes = [
    makeNode('Concat', names, ['y'], { axis: attribute.int(0) }),
    ...names.map((name) => makeNode('Relu', ['x'], [name])),
  ];
  const sorted = new GraphEditor(graphOf([info('x', [1])], nodes, ['y'])).finish().nodes;
  expect([sorted.length, sorted.at(-1)?.op]).toEqual([150_001, 'Concat']);
});

describe('files that ask for more memory than they have bytes', () => {
  /** c1 = Concat(c0, c0), c2 = Concat(c1, c1) …: each node doubles. */
  function doubling(count: number): Graph {
    const nodes = Array.from({ length: count }, (_, i) =>
      makeNode('Concat', [`c${i}`, `c${i}`], [`c${i + 1}`], { axis: attribute.int(0) }),
    );
    return graphOf([], [...nodes, makeNode('Relu', [`c${count}`], ['y'])], ['y'], { c0: floats([1024]) });
  }

  it('a value joined with itself forty times is left to run time', () => {
    for (const pass of [foldConstants, prepareFloat, prepareInteger]) {
      const folded = pass(doubling(40));
      expect(folded.nodes.length).toBeGreaterThan(20);
      const bytes = [...folded.constants.values()].reduce((sum, constant) => sum + constant.byteLength, 0);
      expect(bytes).toBeLessThan(2 ** 27);
    }
    expect(foldConstants(doubling(6)).nodes.map(({ op }) => op)).toEqual(['Relu']);
  });

  it('one weight under a thousand scales is scaled for as many as the budget has', () => {
    const count = 1000;
    const nodes = Array.from({ length: count }, (_, i) => [
      makeNode('Gemm', ['x', 'w'], [`g${i}`]),
      makeNode('Mul', [`g${i}`, 'two'], [`y${i}`]),
    ]).flat();
    const outputs = Array.from({ length: count }, (_, i) => `y${i}`);
    const graph = graphOf([info('x', [1, 512])], nodes, outputs, {
      w: floats([512, 512]),
      two: tensor('float32', [2]),
    });
    const folded = foldAffine(graph);
    const bytes = [...folded.constants.values()].reduce((sum, constant) => sum + constant.byteLength, 0);
    expect(folded.nodes.length).toBeGreaterThan(count);
    expect(folded.nodes.length).toBeLessThan(2 * count);
    expect(bytes).toBeLessThan(2 ** 27);
  });

  it('shapes that no memory holds are typed errors', async () => {
    const backend = await openBackend(nullBackend('null'));
    const open = (shape: readonly number[]): GraphSession =>
      new GraphSession(graphOf([info('x', shape)], [makeNode('Relu', ['x'], ['y'])], ['y']), {
        backends: [backend],
      });
    expect(await codeOf(() => open([2 ** 40]))).toBe('HT_OUT_OF_MEMORY');
    for (const shape of [[2 ** 53 - 1], [2 ** 40, 2 ** 40]])
      expect(['HT_OUT_OF_MEMORY', 'HT_INVALID_ARGUMENT']).toContain(await codeOf(() => open(shape)));
    expect(await codeOf(() => open([0, 2 ** 40]))).toBe('none');
    await backend.dispose();
  });
});

it('refuses windows that no image fills, whatever the padding', async () => {
  const backend = await openBackend(nullBackend('null'));
  const open = (op: string, extent: number): Promise<string> => {
    const attributes = {
      kernel_shape: attribute.ints([extent, 1]),
      pads: attribute.ints([extent - 1, 0, extent - 1, 0]),
      strides: attribute.ints([extent, 1]),
    };
    const domain = op.startsWith('QL') ? { domain: 'com.microsoft' } : {};
    const image = info('x', [1, 1, 4, 4], domain.domain === undefined ? 'float32' : 'uint8');
    const graph = graphOf(
      [image],
      [
        makeNode(
          op,
          ['x', 's', 'z', 's', 'z'].slice(0, domain.domain === undefined ? 1 : 5),
          ['y'],
          attributes,
          domain,
        ),
      ],
      ['y'],
      {
        s: tensor('float32', [0.5], []),
        z: tensor('uint8', [3], []),
      },
    );
    return codeOf(() => new GraphSession(graph, { backends: [backend] }));
  };
  for (const op of ['MaxPool', 'AveragePool', 'QLinearAveragePool']) {
    expect(await open(op, 5)).toBe('none');
    for (const extent of [2 ** 31, 2 ** 41, Number.MAX_SAFE_INTEGER])
      expect(['HT_UNSUPPORTED', 'HT_INVALID_ARGUMENT', 'HT_OUT_OF_MEMORY']).toContain(await open(op, extent));
  }
  await backend.dispose();
});

describe('scales that do not fit', () => {
  const codes = { name: 'q', elementType: 'uint8', shape: [1, 2, 2, 2] } as const;
  const scales = (index: number, wrong: Tensor): Graph => {
    const one = tensor('float32', [0.5], []);
    const zero = tensor('uint8', [3], []);
    const names = ['q', 'sa', 'z', 'q', 'sb', 'z', 'sc', 'z'];
    const found = Object.fromEntries(['sa', 'sb', 'sc'].map((name, i) => [name, i === index ? wrong : one]));
    return graphOf([codes], [makeNode('QLinearAdd', names, ['y'], {}, { domain: 'com.microsoft' })], ['y'], {
      ...found,
      z: zero,
    });
  };

  it('are refused, and never read past their end or in part', async () => {
    const backend = await openBackend(nullBackend('null'));
    const open = (graph: Graph): Promise<string> =>
      codeOf(() => new GraphSession(graph, { backends: [backend] }));
    for (const index of [0, 1, 2]) {
      expect(await open(scales(index, tensor('float32', [0.25], [1])))).toBe('none');
      for (const wrong of [
        tensor('float32', [], [0]),
        tensor('float32', [1, 2], [2]),
        int64(1),
        tensor('uint8', [1], []),
      ])
        expect(await open(scales(index, wrong))).toBe('HT_UNSUPPORTED');
    }
    await backend.dispose();
  });
});

describe('parameters that do not fit', () => {
  const norm = (parameters: Readonly<Record<string, Tensor>>): Graph =>
    graphOf(
      [info('x', [1, 3, 2, 2])],
      [
        makeNode(
          'BatchNormalization',
          ['x', 'g', 'b', 'm', 'v'].slice(0, 1 + Object.keys(parameters).length),
          ['y'],
        ),
      ],
      ['y'],
      parameters,
    );
  const open = async (graph: Graph): Promise<string> => {
    const backend = await openBackend(nullBackend('null'));
    return await codeOf(() => new GraphSession(graph, { backends: [backend] }));
  };
  const three = floats([3], 1);

  it('BatchNormalization: too few, too many, of another type, missing', async () => {
    expect(await open(norm({ g: three, b: three, m: three, v: three }))).toBe('none');
    for (const wrong of [floats([2], 1), floats([4], 1), floats([0]), floats([1], 1)])
      for (const name of ['g', 'b', 'm', 'v'])
        expect(await open(norm({ g: three, b: three, m: three, v: three, [name]: wrong }))).toBe(
          'HT_SHAPE_MISMATCH',
        );
    expect(await open(norm({ g: three, b: int64(1, 2, 3), m: three, v: three }))).toBe('HT_UNSUPPORTED');
    expect(await open(norm({ g: three, b: three }))).toBe('HT_UNSUPPORTED');
    expect(await open(norm({}))).toBe('HT_UNSUPPORTED');
  });

  it('bounds of another type than what they bound', async () => {
    const clip = (x: Tensor, lo: Tensor): Graph =>
      graphOf([], [makeNode('Clip', ['x', 'lo'], ['y'])], ['y'], { x, lo });
    expect(await open(clip(int64(1, 9), tensor('int64', [6n], [])))).toBe('none');
    expect(await open(clip(int64(1, 9), floats([], 6)))).toBe('HT_DTYPE_MISMATCH');
    expect(await open(clip(int64(1, 9), int64(1, 2)))).toBe('HT_SHAPE_MISMATCH');
  });

  it('zero points of another type than their codes', async () => {
    const codes = { name: 'q', elementType: 'uint8', shape: [2, 2] } as const;
    const product = (zero: Tensor): Graph =>
      graphOf([codes], [makeNode('MatMulInteger', ['q', 'w', 'z'], ['y'])], ['y'], {
        w: tensor('int8', [1, 2, 3, 4], [2, 2]),
        z: zero,
      });
    expect(await open(product(tensor('uint8', [128], [])))).toBe('none');
    for (const zero of [int64(128), tensor('int8', [1], []), floats([], 1)])
      expect(await open(product(zero))).toBe('HT_DTYPE_MISMATCH');
  });

  it('codes and zero point of two types are not folded', () => {
    const graph: Graph = {
      ...graphOf(
        [],
        [makeNode('DequantizeLinear', ['c', 's', 'z'], ['d']), makeNode('Relu', ['d'], ['y'])],
        ['y'],
      ),
      constants: new Map([
        ['c', constantOf('c', int64(1, 2))],
        ['s', constantOf('s', tensor('float32', [0.5], []))],
        ['z', constantOf('z', tensor('int8', [0], []))],
      ]),
    };
    expect(foldConstants(graph, { dequantize: true }).nodes).toHaveLength(2);
  });
});
