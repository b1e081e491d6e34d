import { tensor } from '@halftone/core';
import { describe, expect, it, test } from 'vitest';
import { inferShapes } from '../src/infer.ts';
import { attribute, makeNode, type Node, type SymbolicShape } from '../src/ir.ts';
import { codeOf, floats, graphOf, info, int64 } from './support.ts';

const { int, ints, string } = attribute;

function shapeOf(
  node: Node,
  inputs: Readonly<Record<string, SymbolicShape | undefined>>,
  constants = {},
): unknown {
  const graph = graphOf(
    Object.entries(inputs).map(([name, shape]) => info(name, shape)),
    [node],
    [node.outputs[0]!],
    constants,
  );
  return inferShapes(graph).get(node.outputs[0]!)?.shape;
}

const conv = (attributes = {}): Node => makeNode('Conv', ['x', 'w'], ['y'], attributes);

describe('images', () => {
  test.each([
    ['plain', {}, [5, 6]],
    ['pads and strides', { pads: ints([1, 0, 1, 2]), strides: ints([2, 1]) }, [4, 8]],
    ['dilations', { dilations: ints([2, 2]) }, [3, 4]],
    ['SAME_UPPER', { auto_pad: string('SAME_UPPER'), strides: ints([2, 3]) }, [4, 3]],
    ['SAME_LOWER', { auto_pad: string('SAME_LOWER'), strides: ints([2, 3]) }, [4, 3]],
    ['VALID', { auto_pad: string('VALID') }, [5, 6]],
  ])('Conv, %s', (_, attributes, [h, w]) => {
    const w3 = { w: floats([4, 3, 3, 3]) };
    expect(shapeOf(conv(attributes), { x: ['N', 3, 7, 8] }, w3)).toEqual(['N', 4, h, w]);
  });

  it('Conv in one dimension, with groups, of unknown extents and ranks', () => {
    expect(shapeOf(conv({ pads: ints([2, 2]) }), { x: [1, 2, 9] }, { w: floats([4, 2, 5]) })).toEqual([
      1, 4, 9,
    ]);
    expect(shapeOf(conv({ group: int(3) }), { x: [1, 3, 4, 4] }, { w: floats([6, 1, 1, 1]) })).toEqual([
      1, 6, 4, 4,
    ]);
    expect(shapeOf(conv(), { x: [1, 3, undefined, 8] }, { w: floats([4, 3, 3, 3]) })).toEqual([
      1,
      4,
      undefined,
      6,
    ]);
    expect(shapeOf(conv(), { x: undefined }, { w: floats([4, 3, 3, 3]) })).toBeUndefined();
  });

  it('pools, with ceil_mode that drops a window of padding alone', () => {
    const pool = (attributes = {}): Node =>
      makeNode('MaxPool', ['x'], ['y'], { kernel_shape: ints([2, 2]), ...attributes });
    expect(shapeOf(pool({ strides: ints([2, 2]) }), { x: [1, 3, 5, 4] })).toEqual([1, 3, 2, 2]);
    expect(shapeOf(pool({ strides: ints([2, 2]), ceil_mode: int(1) }), { x: [1, 3, 5, 4] })).toEqual([
      1, 3, 3, 2,
    ]);
    const wide = {
      kernel_shape: ints([1, 2]),
      strides: ints([3, 3]),
      pads: ints([0, 1, 0, 1]),
      ceil_mode: int(1),
    };
    expect(shapeOf(makeNode('AveragePool', ['x'], ['y'], wide), { x: [1, 1, 4, 4] })).toEqual([1, 1, 2, 2]);
    expect(shapeOf(makeNode('GlobalAveragePool', ['x'], ['y']), { x: ['N', 3, 7, 7] })).toEqual([
      'N',
      3,
      1,
      1,
    ]);
  });
});

describe('products', () => {
  test.each([
    [
      ['N', 5, 3],
      [3, 4],
      ['N', 5, 4],
    ],
    [
      [2, 5, 3],
      [2, 3, 4],
      [2, 5, 4],
    ],
    [
      [2, 1, 5, 3],
      [7, 3, 4],
      [2, 7, 5, 4],
    ],
    [[3], [3, 4], [4]],
    [[5, 3], [3], [5]],
    [[3], [3], []],
  ] as const)('MatMul of %o and %o', (a, b, y) => {
    expect(shapeOf(makeNode('MatMul', ['a', 'b'], ['y']), { a, b })).toEqual(y);
  });

  it('Gemm, either way round', () => {
    expect(
      shapeOf(makeNode('Gemm', ['a', 'b'], ['y'], { transA: int(1), transB: int(1) }), {
        a: [3, 'N'],
        b: [4, 3],
      }),
    ).toEqual(['N', 4]);
  });
});

describe('shapes', () => {
  const reshape = (target: number[], x: SymbolicShape, attributes = {}): unknown =>
    shapeOf(makeNode('Reshape', ['x', 's'], ['y'], attributes), { x }, { s: int64(...target) });

  it('Reshape: copied, free and literal extents', () => {
    expect(reshape([0, -1], [2, 3, 4])).toEqual([2, 12]);
    expect(reshape([0, -1], ['N', 3, 4])).toEqual(['N', undefined]);
    expect(reshape([0, 3], [0, 3], { allowzero: int(1) })).toEqual([0, 3]);
    expect(shapeOf(makeNode('Reshape', ['x', 's'], ['y']), { x: [2], s: [1] })).toBeUndefined();
  });

  it('Squeeze, Unsqueeze, Flatten, Transpose, Concat, Identity', () => {
    const x = [2, 1, 3, 1];
    expect(shapeOf(makeNode('Squeeze', ['x', 'a'], ['y']), { x }, { a: int64(-1) })).toEqual([2, 1, 3]);
    expect(shapeOf(makeNode('Squeeze', ['x'], ['y']), { x })).toEqual([2, 3]);
    expect(shapeOf(makeNode('Unsqueeze', ['x', 'a'], ['y']), { x: ['N', 4] }, { a: int64(0, -1) })).toEqual([
      1,
      'N',
      4,
      1,
    ]);
    expect(shapeOf(makeNode('Flatten', ['x'], ['y']), { x: ['N', 3, 4] })).toEqual(['N', 12]);
    expect(shapeOf(makeNode('Flatten', ['x'], ['y'], { axis: int(-1) }), { x: [2, 3, 4] })).toEqual([6, 4]);
    expect(shapeOf(makeNode('Flatten', ['x'], ['y'], { axis: int(0) }), { x: [2, 3] })).toEqual([1, 6]);
    expect(shapeOf(makeNode('Transpose', ['x'], ['y']), { x: ['N', 3, 4] })).toEqual([4, 3, 'N']);
    expect(
      shapeOf(makeNode('Concat', ['x', 'z'], ['y'], { axis: int(-1) }), { x: ['N', 3], z: [2, 4] }),
    ).toEqual([2, 7]);
    expect(shapeOf(makeNode('Identity', ['x'], ['y']), { x: ['N'] })).toEqual(['N']);
  });

  it('broadcasts named extents', () => {
    expect(shapeOf(makeNode('Add', ['a', 'b'], ['y']), { a: ['N', 3, 1], b: [1, 5] })).toEqual(['N', 3, 5]);
  });
});

describe('element types', () => {
  it('follow zero points, casts and integer products', () => {
    const graph = graphOf(
      [info('x', [2])],
      [
        makeNode('QuantizeLinear', ['x', 's', 'z'], ['q']),
        makeNode('DequantizeLinear', ['q', 's', 'z'], ['d']),
        makeNode('DynamicQuantizeLinear', ['x'], ['dq', 'ds', 'dz']),
        makeNode('Cast', ['x'], ['c'], { to: int(6) }),
      ],
      ['d'],
      { s: tensor('float32', [1], []), z: tensor('int8', [0], []) },
    );
    const types = inferShapes(graph);
    const of = (name: string): unknown => types.get(name)?.elementType;
    expect(['q', 'd', 'dq', 'ds', 'dz', 'c'].map(of)).toEqual([
      'int8',
      'float32',
      'uint8',
      'float32',
      'uint8',
      'int32',
    ]);
    expect(types.get('ds')?.shape).toEqual([]);
  });
});

describe('contradictions', () => {
  test.each([
    ['channels', conv(), { x: [1, 2, 5, 5] }, { w: floats([4, 3, 3, 3]) }],
    ['inner extents', makeNode('MatMul', ['a', 'b'], ['y']), { a: [2, 3], b: [4, 5] }, {}],
    ['Gemm', makeNode('Gemm', ['a', 'b'], ['y']), { a: [2, 3], b: [4, 5] }, {}],
    ['Reshape', makeNode('Reshape', ['x', 's'], ['y']), { x: [2, 3] }, { s: int64(4, -1) }],
    ['Squeeze', makeNode('Squeeze', ['x', 'a'], ['y']), { x: [2, 3] }, { a: int64(0) }],
    ['Concat', makeNode('Concat', ['x', 'z'], ['y'], { axis: int(0) }), { x: [2, 3], z: [2, 4] }, {}],
    ['Add', makeNode('Add', ['a', 'b'], ['y']), { a: [2], b: [3] }, {}],
    ['Transpose', makeNode('Transpose', ['x'], ['y'], { perm: ints([0, 0]) }), { x: [2, 3] }, {}],
    ['rank of an image', conv(), { x: [1, 3] }, { w: floats([4, 3, 3, 3]) }],
  ] as const)('%s', async (_, node, inputs, constants) => {
    expect(await codeOf(() => shapeOf(node, inputs, constants))).toBe('HT_SHAPE_MISMATCH');
  });

  it('input shapes that the model does not take', async () => {
    const graph = graphOf([info('x', ['N', 3])], [makeNode('Relu', ['x'], ['y'])], ['y']);
    expect(inferShapes(graph, { x: [7, 3] }).get('y')?.shape).toEqual([7, 3]);
    expect(await codeOf(() => inferShapes(graph, { x: [7, 4] }))).toBe('HT_SHAPE_MISMATCH');
    expect(await codeOf(() => inferShapes(graph, { x: [7] }))).toBe('HT_SHAPE_MISMATCH');
  });

  it('a stale batch in the file does not stand above inference', () => {
    const graph = {
      ...graphOf([info('x', ['N', 3])], [makeNode('Relu', ['x'], ['y'])], ['y']),
      values: new Map([['y', info('y', [1, 3])]]),
    };
    expect(inferShapes(graph, { x: [5, 3] }).get('y')?.shape).toEqual([5, 3]);
  });
});
