import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/ir.ts';
import { foldAffine, foldBatchNorm, prepareFloat } from '../../src/passes/index.ts';
import { Builder, numbers, only, ops, sequence } from './build.ts';
import { interpret, type Value } from './interpret.ts';

const thirds = (count: number, seed: number): number[] =>
  sequence(count, seed, -50, 50).map((v) => Math.fround(v / 3));

function normalized(
  b: Builder,
  x: string,
  channels: number,
  options: Record<string, number> = {},
  output = 'y',
): string {
  const params = [
    b.float(thirds(channels, 1)),
    b.float(thirds(channels, 2)),
    b.float(thirds(channels, 3)),
    b.float(thirds(channels, 4).map((v) => v * v)),
  ];
  return b.node('BatchNormalization', [x, ...params], { epsilon: Math.fround(0.01), ...options }, output);
}

/** Outputs of both graphs agree to the rounding of weights to float32. */
function expectSame(before: Graph, after: Graph, feeds: Record<string, Value>, name = 'y'): void {
  const [a, b] = [interpret(before, feeds)[name]!, interpret(after, feeds)[name]!];
  expect(b.shape).toEqual(a.shape);
  const largest = Math.max(...a.data.map(Math.abs));
  a.data.forEach((v, i) => expect(Math.abs(b.data[i]! - v)).toBeLessThanOrEqual(largest * 1e-5));
}

const image: Value = { shape: [2, 4, 5, 6], data: thirds(240, 9) };

describe('foldBatchNorm', () => {
  test.each([
    ['Conv', [6, 4, 3, 2], 1, 6],
    ['Conv', [8, 1, 2, 2], 4, 8],
    ['ConvTranspose', [4, 3, 2, 2], 1, 3],
    ['ConvTranspose', [4, 3, 2, 2], 2, 6],
  ] as const)(
    'goes into a %s with weights %j of %i groups, with and without bias',
    (op, shape, group, channels) => {
      for (const withBias of [false, true]) {
        const b = new Builder();
        const bias = withBias ? [b.float(thirds(channels, 5))] : [];
        const w = b.float(
          thirds(
            shape.reduce<number>((p, d) => p * d, 1),
            6,
          ),
          shape,
        );
        const before =
          (normalized(b, b.node(op, [b.input('x', image.shape), w, ...bias], { group }), channels),
          b.graph('y'));
        const after = foldBatchNorm(before);
        expect(ops(after)).toEqual([op]);
        expect(after.nodes[0]!.outputs).toEqual(['y']);
        expect(after.nodes[0]!.name).toBe(before.nodes[0]!.name);
        expectSame(before, after, { x: image });
      }
    },
  );

  test.each([0, 1])('goes into a Gemm with transB %i, alpha and beta', (transB) => {
    const b = new Builder();
    const w = b.float(thirds(12, 6), transB ? [3, 4] : [4, 3]);
    const gemm = b.node('Gemm', [b.input('x', [2, 4]), w, b.float(thirds(3, 7), [1, 3])], {
      transB,
      alpha: 0.5,
      beta: 3,
    });
    const before = (normalized(b, gemm, 3), b.graph('y'));
    const after = foldBatchNorm(before);
    expect(ops(after)).toEqual(['Gemm']);
    expectSame(before, after, { x: { shape: [2, 4], data: thirds(8, 8) } });
  });

  test('computes in float64 and rounds once', () => {
    const b = new Builder();
    const [w, bias, gamma, beta, mean, variance] = [0.1, 0.7, 1.3, -0.2, 0.9, 0.3].map(Math.fround) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const conv = b.node('Conv', [b.input('x', [1, 1, 1, 1]), b.float([w], [1, 1, 1, 1]), b.float([bias])]);
    b.node(
      'BatchNormalization',
      [conv, b.float([gamma]), b.float([beta]), b.float([mean]), b.float([variance])],
      {},
      'y',
    );
    const after = foldBatchNorm(b.graph('y'));
    const f = gamma / Math.sqrt(variance + Math.fround(1e-5));
    expect(numbers(after, after.nodes[0]!.inputs[1])).toEqual([Math.fround(w * f)]);
    expect(numbers(after, after.nodes[0]!.inputs[2])).toEqual([Math.fround((bias - mean) * f + beta)]);
  });

  test('leaves weights that another node shares as they are', () => {
    const b = new Builder();
    const w = b.float(thirds(16, 6), [4, 4, 1, 1], 'w');
    const x = b.input('x', image.shape);
    b.node('Conv', [x, w], {}, 'plain');
    const before = (normalized(b, b.node('Conv', [x, w]), 4), b.graph('y', 'plain'));
    const after = foldBatchNorm(before);
    expect(ops(after)).toEqual(['Conv', 'Conv']);
    expect(numbers(after, 'w')).toEqual(numbers(before, 'w'));
    expectSame(before, after, { x: image });
    expectSame(before, after, { x: image }, 'plain');
  });

  test.each<[string, (b: Builder, conv: string) => string[]]>([
    ['another node reads the convolution', (b, conv) => [normalized(b, conv, 4), b.node('Relu', [conv])]],
    [
      'a subgraph reads the convolution',
      (b, conv) => [normalized(b, conv, 4), b.opaque('If', [], 'z', [conv])],
    ],
    ['the convolution is an output', (b, conv) => [normalized(b, conv, 4), conv]],
    ['it is in training mode', (b, conv) => [normalized(b, conv, 4, { training_mode: 1 })]],
    [
      'a parameter is no constant',
      (b, conv) => [
        b.node('BatchNormalization', [
          conv,
          b.input('g', [4]),
          ...[1, 2, 3].map((s) => b.float(thirds(4, s))),
        ]),
      ],
    ],
    ['nothing linear stands before it', (b, conv) => [normalized(b, b.node('Relu', [conv]), 4)]],
    [
      'the variance is negative',
      (b, conv) => [b.node('BatchNormalization', [conv, ...[1, 1, 1, -1].map((v) => b.float([v, v, v, v]))])],
    ],
  ])('stays where %s', (_, build) => {
    const b = new Builder();
    const outputs = build(
      b,
      b.node('Conv', [b.input('x', image.shape), b.float(thirds(16, 6), [4, 4, 1, 1])]),
    );
    expect(ops(foldBatchNorm(b.graph(...outputs)))).toContain('BatchNormalization');
  });

  test('stays where the weights are no constants', () => {
    const b = new Builder();
    normalized(b, b.node('Conv', [b.input('x', image.shape), b.input('w', [4, 4, 1, 1])]), 4);
    expect(ops(foldBatchNorm(b.graph('y')))).toEqual(['Conv', 'BatchNormalization']);
  });
});

describe('foldAffine', () => {
  const conv = (b: Builder): string =>
    b.node('Conv', [b.input('x', image.shape), b.float(thirds(16, 6), [4, 4, 1, 1])]);

  test.each<[string, readonly number[], boolean]>([
    ['Add', [4, 1, 1], false],
    ['Add', [1, 4, 1, 1], true],
    ['Add', [], false],
    ['Sub', [4, 1, 1], false],
    ['Mul', [4, 1, 1], true],
    ['Mul', [1], false],
    ['Div', [1, 4, 1, 1], false],
  ])('%s of %j goes into a Conv (constant first: %s)', (op, shape, swapped) => {
    const b = new Builder();
    const constant = b.float(
      thirds(
        shape.reduce((p, d) => p * d, 1),
        3,
      ).map((v) => v + 40),
      shape,
    );
    const x = conv(b);
    b.node(op, swapped ? [constant, x] : [x, constant], {}, 'y');
    const before = b.graph('y');
    const after = foldAffine(before);
    expect(ops(after)).toEqual(['Conv']);
    expectSame(before, after, { x: image });
  });

  test.each<[string, string, readonly number[]]>([
    ['differs within a channel', 'Add', [5, 6]],
    ['makes the result larger', 'Add', [1, 1, 4, 1, 1]],
    ['is no divisor', 'Div', [4, 1, 1]],
  ])('an operand that %s stays', (_, op, shape) => {
    const b = new Builder();
    b.node(
      op,
      [conv(b), b.float(new Array<number>(shape.reduce((p, d) => p * d, 1)).fill(0), shape)],
      {},
      'y',
    );
    expect(ops(foldAffine(b.graph('y')))).toEqual(['Conv', op]);
  });

  test('a constant minus a Conv stays', () => {
    const b = new Builder();
    b.node('Sub', [b.float([1]), conv(b)], {}, 'y');
    expect(ops(foldAffine(b.graph('y')))).toEqual(['Conv', 'Sub']);
  });

  test('a Conv that two nodes read, or that is added to itself, stays', () => {
    const b = new Builder();
    const x = conv(b);
    b.node('Add', [x, b.float([1])], {}, 'y');
    b.node('Add', [x, x], {}, 'z');
    expect(ops(foldAffine(b.graph('y', 'z')))).toEqual(['Conv', 'Add', 'Add']);
  });

  test.each<[string, (b: Builder) => string]>([
    ['its input says so', (b) => b.input('a', [2, 4])],
    ['a Flatten stands before', (b) => b.node('Flatten', [b.input('a', undefined)])],
    [
      'a Reshape to two axes stands before',
      (b) => b.node('Relu', [b.node('Reshape', [b.input('a', undefined), b.constant('int64', [2, 4])])]),
    ],
  ])('MatMul and Add become a Gemm where %s', (_, rows) => {
    for (const shape of [[3], [1, 3], [], [1]]) {
      const b = new Builder();
      const product = b.node('MatMul', [rows(b), b.float(thirds(12, 1), [4, 3])]);
      b.node('Add', [b.float(thirds(shape.includes(3) ? 3 : 1, 2), shape), product], {}, 'y');
      const before = b.graph('y');
      const after = foldAffine(before);
      expect(ops(after).at(-1)).toBe('Gemm');
      expect(after.constants.get(only(after, 'Gemm').inputs[2]!)!.shape).toEqual([3]);
      expectSame(before, after, { a: { shape: [2, 4], data: thirds(8, 5) } });
    }
  });

  test.each<[string, readonly (number | string)[] | undefined, readonly number[]]>([
    ['A of three axes', [2, 2, 4], [3]],
    ['A of unknown rank', undefined, [3]],
    ['a matrix to add', ['N', 4], [2, 3]],
  ])('MatMul and Add stay with %s', (_, shape, added) => {
    const b = new Builder();
    const product = b.node('MatMul', [b.input('a', shape), b.float(thirds(12, 1), [4, 3])]);
    b.node('Add', [product, b.float(thirds(added.length === 1 ? 3 : 6, 2), added)], {}, 'y');
    expect(ops(foldAffine(b.graph('y')))).toEqual(['MatMul', 'Add']);
  });
});

describe('prepareFloat', () => {
  test('folds a chain to one node and keeps the names of the graph', () => {
    const b = new Builder();
    const w = b.node('Reshape', [b.float(thirds(16, 6)), b.constant('int64', [4, 4, 1, 1])]);
    const conv = b.node('Conv', [b.node('Identity', [b.input('x', image.shape)]), w]);
    const added = b.node('Add', [
      conv,
      b.node('Unsqueeze', [b.float(thirds(4, 1)), b.constant('int64', [1, 2])]),
    ]);
    const bn = normalized(b, b.node('Mul', [added, b.float([0.5])]), 4, {}, 'bn');
    b.node('Identity', [b.node('Relu', [b.node('Dropout', [bn])])], {}, 'y');
    const before = b.graph('y');
    const after = prepareFloat(before);
    expect(ops(after)).toEqual(['Conv', 'Relu']);
    expect(after.inputs).toBe(before.inputs);
    expect(after.nodes.at(-1)!.outputs).toEqual(['y']);
    expect(prepareFloat(after).nodes).toEqual(after.nodes);
    expect(before.nodes).toHaveLength(10);
  });
});
