import { isHalftoneError, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { floatAttr, intAttr, intsAttr, stringAttr } from '../../src/attributes.ts';
import { attribute, type Attribute, constantOf, type Graph, makeNode } from '../../src/ir.ts';
import { foldConstants, removeIdentities } from '../../src/passes/index.ts';
import { Builder, numbers, ops } from './build.ts';

type Setup = (b: Builder) => string;

/** Folds a value that an opaque node reads; the value under its old name, or undefined where a node still makes it. */
function folded(
  setup: Setup,
  options: Parameters<typeof foldConstants>[1] = {},
): { shape: readonly number[]; data: number[] } | undefined {
  const b = new Builder();
  const name = setup(b);
  b.opaque('Reader', [name], 'y');
  const after = foldConstants(b.graph('y'), options);
  const found = after.constants.get(name);
  expect(after.nodes.some((node) => node.outputs.includes(name))).toBe(found === undefined);
  return found && { shape: found.shape, data: numbers(after, name) };
}

const six = (b: Builder): string => b.float([1, 2, 3, 4, 5, 6], [2, 3]);
const i64 = (b: Builder, ...values: number[]): string => b.constant('int64', values);

describe('foldConstants', () => {
  test.each<[string, Setup, readonly number[], readonly number[]]>([
    ['Identity', (b) => b.node('Identity', [six(b)]), [2, 3], [1, 2, 3, 4, 5, 6]],
    [
      'Reshape with 0 and -1',
      (b) => b.node('Reshape', [six(b), i64(b, 0, -1, 1)]),
      [2, 3, 1],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      'Reshape with allowzero',
      (b) => b.node('Reshape', [b.float([], [0, 3]), i64(b, 3, 0)], { allowzero: 1 }),
      [3, 0],
      [],
    ],
    [
      'Flatten',
      (b) => b.node('Flatten', [b.float([1, 2, 3, 4], [2, 1, 2])], { axis: -1 }),
      [2, 2],
      [1, 2, 3, 4],
    ],
    ['Transpose', (b) => b.node('Transpose', [six(b)]), [3, 2], [1, 4, 2, 5, 3, 6]],
    [
      'Transpose with perm',
      (b) => b.node('Transpose', [b.float([1, 2, 3, 4, 5, 6], [1, 2, 3])], { perm: [2, 0, 1] }),
      [3, 1, 2],
      [1, 4, 2, 5, 3, 6],
    ],
    ['Squeeze', (b) => b.node('Squeeze', [b.float([1, 2], [1, 2, 1])]), [2], [1, 2]],
    [
      'Squeeze of an axis',
      (b) => b.node('Squeeze', [b.float([1, 2], [1, 2, 1]), i64(b, -1)]),
      [1, 2],
      [1, 2],
    ],
    ['Unsqueeze', (b) => b.node('Unsqueeze', [b.float([1, 2]), i64(b, 0, -1)]), [1, 2, 1], [1, 2]],
    [
      'Concat',
      (b) => b.node('Concat', [six(b), b.float([7, 8], [2, 1])], { axis: -1 }),
      [2, 4],
      [1, 2, 3, 7, 4, 5, 6, 8],
    ],
    ['Gather', (b) => b.node('Gather', [i64(b, 5, 6, 7), b.constant('int64', [-1], [])]), [], [7]],
    [
      'Gather of a list',
      (b) => b.node('Gather', [i64(b, 5, 6, 7), b.constant('int32', [2, 0])], { axis: 0 }),
      [2],
      [7, 5],
    ],
    ['Slice', (b) => b.node('Slice', [i64(b, 1, 2, 3, 4), i64(b, -3), i64(b, 99)]), [3], [2, 3, 4]],
    [
      'Slice backwards',
      (b) => b.node('Slice', [i64(b, 1, 2, 3, 4), i64(b, -1), i64(b, -99), i64(b, 0), i64(b, -2)]),
      [2],
      [4, 2],
    ],
    ['Cast to integers', (b) => b.node('Cast', [b.float([1.9, -1.9])], { to: 7 }), [2], [1, -1]],
    [
      'Cast of what an integer cannot hold',
      (b) => b.node('Cast', [b.float([1e30, Number.NaN])], { to: 6 }),
      [2],
      [2147483647, 0],
    ],
    ['Cast of int64 to float32', (b) => b.node('Cast', [i64(b, 3)], { to: 1 }), [1], [3]],
    [
      'Cast between integers',
      (b) => b.node('Cast', [b.constant('int32', [300, -1])], { to: 2 }),
      [2],
      [44, 255],
    ],
    ['Cast of int64 to int32', (b) => b.node('Cast', [i64(b, 2 ** 32 + 5)], { to: 6 }), [1], [5]],
    ['Add', (b) => b.node('Add', [six(b), b.float([10, 20, 30])]), [2, 3], [11, 22, 33, 14, 25, 36]],
    ['Div of integers', (b) => b.node('Div', [i64(b, -7, 7), i64(b, 2)]), [2], [-3, 3]],
    [
      'Mul of int32',
      (b) => b.node('Mul', [b.constant('int32', [65537]), b.constant('int32', [65537])]),
      [1],
      [131073],
    ],
    ['Div of integers by 0', (b) => b.node('Div', [i64(b, 1), i64(b, 0)]), [1], [0]],
    [
      'Where',
      (b) => b.node('Where', [b.node('Less', [i64(b, 1, 5), i64(b, 3)]), i64(b, 7), i64(b, 8)]),
      [2],
      [7, 8],
    ],
    ['Pow', (b) => b.node('Pow', [b.float([2, 9]), b.float([3, 0.5])]), [2], [8, 3]],
    ['Sub of floats', (b) => b.node('Sub', [b.float([1], [1, 1]), b.float([0.5])]), [1, 1], [0.5]],
    [
      'a chain',
      (b) =>
        b.node(
          'Concat',
          [
            b.node('Unsqueeze', [
              b.node('Gather', [b.node('Shape', [six(b)]), b.constant('int64', [1], [])]),
              i64(b, 0),
            ]),
            i64(b, -1),
          ],
          { axis: 0 },
        ),
      [2],
      [3, -1],
    ],
    ['Shape of an input', (b) => b.node('Shape', [b.input('x', [4, 5, 6])], { start: 1 }), [2], [5, 6]],
  ])('computes %s', (_, setup, shape, data) => {
    expect(folded(setup)).toEqual({ shape, data });
  });

  test.each<[string, Attribute, readonly number[]]>([
    ['value', { type: 'tensor', value: constantOf('t', tensor('int8', [1, 2], [2])) }, [1, 2]],
    ['value_float', attribute.float(0.5), [0.5]],
    ['value_floats', { type: 'floats', value: [0.5, 2] }, [0.5, 2]],
    ['value_int', attribute.int(3), [3]],
    ['value_ints', attribute.ints([3, 4]), [3, 4]],
  ])('computes Constant with %s', (name, value, data) => {
    expect(folded((b) => b.node('Constant', [], { [name]: value }))?.data).toEqual(data);
  });

  test.each<[string, Setup]>([
    ['Shape of a batch that is not fixed', (b) => b.node('Shape', [b.input('x', ['N', 5])])],
    ['Reshape to another count', (b) => b.node('Reshape', [six(b), i64(b, 4)])],
    ['Reshape to two free extents', (b) => b.node('Reshape', [six(b), i64(b, -1, -1)])],
    ['Reshape by a value', (b) => b.node('Reshape', [six(b), b.input('s', [2], 'int64')])],
    ['Cast to a type that core does not hold', (b) => b.node('Cast', [b.float([1])], { to: 10 })],
    ['Gather past the end', (b) => b.node('Gather', [i64(b, 1), i64(b, 1)])],
    ['operands of two types', (b) => b.node('Add', [i64(b, 1), b.float([1])])],
    ['Transpose by no permutation', (b) => b.node('Transpose', [six(b)], { perm: [0, 0] })],
    ['DequantizeLinear, unless asked', (b) => b.dequantize(b.constant('int8', [1]), 0.5)],
    ['QuantizeLinear, unless asked', (b) => b.quantize(b.float([1]), 0.5)],
    ['a Constant of text', (b) => b.node('Constant', [], { value_string: 'a' })],
  ])('leaves %s', (_, setup) => {
    expect(folded(setup)).toBeUndefined();
  });

  test('a stated shape behind a batch that is not fixed does not count, one that the caller knows does', () => {
    const setup = (b: Builder): string => {
      const inner = b.node('Relu', [b.input('x', ['N', 5])], {}, 'inner');
      b.values.set(inner, { name: inner, elementType: 'float32', shape: [1, 5] });
      return b.node('Shape', [inner]);
    };
    expect(folded(setup)).toBeUndefined();
    expect(folded(setup, { shapes: new Map([['inner', { shape: [8, 5] }]]) })?.data).toEqual([8, 5]);
  });

  test('opaque nodes and graph outputs stay', () => {
    const b = new Builder();
    b.node('Identity', [six(b)], {}, 'y');
    const other = b.opaque('Add', [six(b)], 'z');
    const after = foldConstants(b.graph('y', other));
    expect(ops(after)).toEqual(['Identity', 'Add']);
  });

  test('a constant that two nodes share is not changed', () => {
    const b = new Builder();
    const shared = six(b);
    b.opaque('Reader', [b.node('Transpose', [shared]), shared], 'y');
    const after = foldConstants(b.graph('y'));
    expect(numbers(after, shared)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(after.constants.size).toBe(2);
  });

  test('dequantizes and quantizes where asked, per tensor and per axis', () => {
    const ask = { dequantize: true };
    expect(folded((b) => b.dequantize(b.constant('uint8', [0, 3, 255]), 0.5, 3), ask)?.data).toEqual([
      -1.5, 0, 126,
    ]);
    const perAxis = (b: Builder): string =>
      b.node(
        'DequantizeLinear',
        [b.constant('int8', [1, 2, 3, 4], [2, 2]), b.float([0.5, 2]), b.constant('int8', [1, 0])],
        { axis: -2 },
      );
    expect(folded(perAxis, ask)).toEqual({ shape: [2, 2], data: [0, 0.5, 6, 8] });
    expect(
      folded((b) => b.node('DequantizeLinear', [b.constant('int32', [7]), b.float([0.5], [])]), ask)?.data,
    ).toEqual([3.5]);
    expect(folded((b) => b.quantize(b.float([0.25, 0.75, 1e9, -1]), 0.5, 3), ask)?.data).toEqual([
      3, 5, 255, 1,
    ]);
    expect(folded((b) => b.dequantize(b.input('x', [1], 'uint8'), 0.5), ask)).toBeUndefined();
  });
});

describe('removeIdentities', () => {
  const graph = (build: (b: Builder) => string[]): Graph => {
    const b = new Builder();
    return removeIdentities(b.graph(...build(b)));
  };

  test('readers move to the source', () => {
    const after = graph((b) => [
      b.node(
        'Relu',
        [b.node('Dropout', [b.node('Identity', [b.input('x', [1])])], {}, 'd', ['mask'])],
        {},
        'y',
      ),
    ]);
    expect(ops(after)).toEqual(['Relu']);
    expect(after.nodes[0]).toMatchObject({ inputs: ['x'], outputs: ['y'] });
  });

  test("a node takes over the name of the graph's output", () => {
    const after = graph((b) => [b.node('Identity', [b.node('Relu', [b.input('x', [1])])], {}, 'y')]);
    expect(after.nodes).toMatchObject([{ op: 'Relu', inputs: ['x'], outputs: ['y'] }]);
  });

  test.each<[string, (b: Builder) => string[]]>([
    ['between input and output', (b) => [b.node('Identity', [b.input('x', [1])], {}, 'y')]],
    [
      'between two outputs',
      (b) => [b.node('Identity', [b.node('Relu', [b.input('x', [1])], {}, 'z')], {}, 'y'), 'z'],
    ],
    [
      'whose source another node reads',
      (b) => {
        const relu = b.node('Relu', [b.input('x', [1])]);
        return [b.node('Identity', [relu], {}, 'y'), b.node('Sigmoid', [relu])];
      },
    ],
    [
      'behind an opaque node, as output',
      (b) => [b.node('Identity', [b.opaque('Loop', [b.input('x', [1])], 'z')], {}, 'y')],
    ],
    ['that a subgraph reads', (b) => [b.opaque('If', [], 'z', [b.node('Identity', [b.input('x', [1])])])]],
  ])('an Identity %s stays', (_, build) => {
    expect(ops(graph(build))).toContain('Identity');
  });

  test('a Dropout in training, or with a mask that is read, stays', () => {
    expect(
      ops(
        graph((b) => [
          b.node('Dropout', [b.input('x', [1]), b.float([0.5], []), b.input('training', [], 'bool')]),
        ]),
      ),
    ).toEqual(['Dropout']);
    expect(ops(graph((b) => [b.node('Dropout', [b.input('x', [1])], {}, 'd', ['mask']), 'mask']))).toEqual([
      'Dropout',
    ]);
  });
});

test('attributes are read by kind, and another kind is an error of the model', () => {
  const node = makeNode('Op', [], ['y'], {
    i: attribute.int(3),
    f: attribute.float(0.5),
    s: attribute.string('a'),
    l: attribute.ints([1, 2]),
  });
  expect([
    intAttr(node, 'i', 0),
    floatAttr(node, 'f', 0),
    stringAttr(node, 's', ''),
    intsAttr(node, 'l', []),
  ]).toEqual([3, 0.5, 'a', [1, 2]]);
  expect([
    intAttr(node, 'x', 7),
    floatAttr(node, 'x', 1),
    stringAttr(node, 'x', undefined),
    intsAttr(node, 'x', [9]),
  ]).toEqual([7, 1, undefined, [9]]);
  for (const read of [
    () => intAttr(node, 'f', 0),
    () => floatAttr(node, 'i', 0),
    () => stringAttr(node, 'l', ''),
    () => intsAttr(node, 's', []),
  ]) {
    try {
      read();
      expect.unreachable();
    } catch (error) {
      expect(isHalftoneError(error, 'HT_MODEL_INVALID')).toBe(true);
    }
  }
});
