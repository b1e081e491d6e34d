import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/ir.ts';
import { fuseQdq } from '../../src/passes/index.ts';
import { Builder, numbers, only, ops, sequence } from './build.ts';
import { interpret } from './interpret.ts';

interface Options {
  readonly op?: 'Gemm' | 'MatMul';
  readonly a?: 'int8' | 'uint8';
  readonly w?: 'int8' | 'uint8';
  readonly scales?: readonly number[];
  /** Along the columns unless given. */
  readonly axis?: number;
  readonly attributes?: Record<string, number>;
  /** Elements of the int32 bias's shape; left out, there is no bias. */
  readonly bias?: readonly number[];
  readonly quantized?: boolean;
  readonly between?: (b: Builder, x: string) => string;
}

function build(options: Options = {}): Builder {
  const {
    op = 'Gemm',
    a = 'uint8',
    w = 'int8',
    scales = [0.25, 0.5, 1],
    attributes = {},
    bias,
    quantized = true,
  } = options;
  const b = new Builder();
  const zero = a === 'int8' ? -3 : 121;
  const rows = attributes['transA'] ? [6, 2] : [2, 6];
  const aName = b.dequantize(b.quantize(b.input('x', rows), 0.5, zero, a), 0.5, zero, a);
  const transposed = attributes['transB'] === 1;
  const codes = b.constant(
    w,
    sequence(18, 5, w === 'int8' ? -20 : 0, w === 'int8' ? 20 : 40),
    transposed ? [3, 6] : [6, 3],
    'w',
  );
  const shape = scales.length === 1 ? [] : [scales.length];
  const zeros =
    w === 'uint8'
      ? [
          b.constant(
            'uint8',
            scales.map((_, i) => 10 + i),
            shape,
          ),
        ]
      : [
          b.constant(
            'int8',
            scales.map(() => 0),
            shape,
          ),
        ];
  const weights = b.node('DequantizeLinear', [codes, b.float(scales, shape), ...zeros], {
    axis: options.axis ?? (transposed ? 0 : 1),
  });
  const c =
    bias === undefined
      ? []
      : [
          b.node(
            'DequantizeLinear',
            [
              b.constant('int32', [100, -7, 9999], bias, 'b'),
              b.float([0, 1, 2].map((i) => 0.5 * scales[scales.length === 1 ? 0 : i]!)),
            ],
            { axis: bias.length - 1 },
          ),
        ];
  const y = b.node(op, [aName, weights, ...c], attributes, quantized ? 'float' : 'y');
  const clamped = options.between?.(b, y) ?? y;
  if (quantized) b.dequantize(b.quantize(clamped, 4, 90, a, 'q'), 4, 90, a, 'y');
  return b;
}

function run(graph: Graph): number[] {
  const x = { shape: graph.inputs[0]!.shape as number[], data: sequence(12, 3, -200, 200).map((v) => v / 4) };
  return interpret(graph, { x })['y']!.data;
}

function fuse(options: Options, more: Parameters<typeof fuseQdq>[1] = {}): Graph {
  const before = build(options).graph('y');
  const after = fuseQdq(before, more);
  expect(run(after)).toEqual(run(before));
  return after;
}

const withQ = (op: string): string[] => ['QuantizeLinear', op, 'DequantizeLinear'];
const relu = (b: Builder, x: string): string => b.node('Relu', [x]);

describe('Gemm', () => {
  test('becomes QGemm, operands in the order of the operator', () => {
    const after = fuse({ bias: [3], attributes: { transB: 1, alpha: 1, beta: 1, transA: 0 } });
    expect(ops(after)).toEqual(withQ('QGemm'));
    const node = only(after, 'QGemm');
    const [a, aScale, aZero, b, bScale, bZero, c, yScale, yZero] = node.inputs;
    expect([a, b, c]).toEqual([after.nodes[0]!.outputs[0], 'w', 'b']);
    expect([aScale, aZero, bScale, bZero, yScale, yZero].map((name) => numbers(after, name))).toEqual([
      [0.5],
      [121],
      [0.25, 0.5, 1],
      [0, 0, 0],
      [4],
      [90],
    ]);
    expect(node).toMatchObject({
      domain: 'com.microsoft',
      name: 'Gemm_float',
      attributes: { transB: { type: 'int', value: 1 } },
    });
    expect(after.domains.get('com.microsoft')).toBe(1);
  });

  test.each<[string, Options]>([
    ['a scale for all weights', { scales: [0.5], bias: [3] }],
    ['no bias', {}],
    ['no bias and a beta', { attributes: { beta: 0.5 } }],
    ['a bias of two axes', { bias: [1, 3] }],
    ['uint8 weights with zero points each', { w: 'uint8', bias: [3] }],
    ['int8 throughout', { a: 'int8', bias: [3], attributes: { transB: 1 } }],
  ])('fuses with %s', (_, options) => {
    expect(ops(fuse(options))).toEqual(withQ('QGemm'));
    const float = fuse({ ...options, quantized: false });
    expect(ops(float)).toEqual(['QuantizeLinear', 'QGemm']);
    expect(only(float, 'QGemm').inputs).toHaveLength(options.bias ? 7 : 6);
  });

  test('without a bias, its place before the output parameters is empty', () => {
    expect(only(fuse({}), 'QGemm').inputs[6]).toBe('');
  });

  test('a Relu becomes a Clip on codes, or stays behind the float form', () => {
    expect(ops(fuse({ between: relu }))).toEqual(['QuantizeLinear', 'QGemm', 'Clip', 'DequantizeLinear']);
    const b = build({ quantized: false });
    expect(ops(fuseQdq(b.graph(relu(b, 'y'))))).toEqual(['QuantizeLinear', 'QGemm', 'Relu']);
  });

  test('has a float result where more than a quantizer reads it', () => {
    const b = build({ bias: [3] });
    const after = fuseQdq(b.graph('y', 'float'));
    expect(ops(after)).toEqual(['QuantizeLinear', 'QGemm', 'QuantizeLinear', 'DequantizeLinear']);
    expect(only(after, 'QGemm')).toMatchObject({ outputs: ['float'] });
    expect(only(after, 'QGemm').inputs).toHaveLength(7);
  });

  test.each<[string, Options]>([
    ['alpha', { attributes: { alpha: 0.5 } }],
    ['beta with a bias', { attributes: { beta: 0.5 }, bias: [3] }],
    ['transA', { attributes: { transA: 1 } }],
    ['scales along the rows', { scales: [1, 2, 4, 1, 2, 4], axis: 0 }],
  ])('stays with %s', (_, options) => {
    expect(ops(fuse(options))).toContain('Gemm');
  });

  test.each<Options>([
    { a: 'int8', w: 'uint8' },
    { op: 'MatMul', a: 'int8', w: 'uint8', quantized: false },
  ])('keeps %j float where files are to load elsewhere', (options) => {
    expect(ops(fuse(options))).not.toContain(options.op ?? 'Gemm');
    expect(ops(fuse(options, { portable: true }))).toContain(options.op ?? 'Gemm');
  });
});

describe('MatMul', () => {
  test('becomes QLinearMatMul, operands in the order of the operator', () => {
    const after = fuse({ op: 'MatMul' });
    expect(ops(after)).toEqual(withQ('QLinearMatMul'));
    const node = only(after, 'QLinearMatMul');
    expect([node.inputs[0], node.inputs[3], node.domain]).toEqual([after.nodes[0]!.outputs[0], 'w', '']);
    expect([1, 2, 4, 5, 6, 7].map((i) => numbers(after, node.inputs[i]))).toEqual([
      [0.5],
      [121],
      [0.25, 0.5, 1],
      [0, 0, 0],
      [4],
      [90],
    ]);
  });

  test('without a quantizer becomes MatMulIntegerToFloat, operands in its order', () => {
    const after = fuse({ op: 'MatMul', quantized: false });
    expect(ops(after)).toEqual(['QuantizeLinear', 'MatMulIntegerToFloat']);
    const node = only(after, 'MatMulIntegerToFloat');
    expect([node.inputs[1], node.domain, node.outputs[0]]).toEqual(['w', 'com.microsoft', 'y']);
    expect(node.inputs.slice(2).map((name) => numbers(after, name))).toEqual([
      [0.5],
      [0.25, 0.5, 1],
      [121],
      [0, 0, 0],
    ]);
  });

  test.each<[string, Options]>([
    ['one scale', { scales: [0.5] }],
    ['uint8 weights', { w: 'uint8' }],
    ['int8 throughout', { a: 'int8' }],
    ['a Relu', { between: relu }],
  ])('fuses with %s', (_, options) => {
    expect(ops(fuse({ op: 'MatMul', ...options }))).toContain('QLinearMatMul');
  });

  test('of two activations fuses', () => {
    const b = new Builder();
    const [left, right] = ['l', 'r'].map((name) => b.pair(b.input(name, [2, 3, 3]), 0.5, 3));
    b.node('MatMul', [left!, right!], {}, 'y');
    expect(ops(fuseQdq(b.graph('y')))).toEqual(['QuantizeLinear', 'QuantizeLinear', 'MatMulIntegerToFloat']);
  });

  test('of a vector, or with scales along the rows, stays', () => {
    expect(ops(fuse({ op: 'MatMul', scales: [1, 2, 4, 1, 2, 4], axis: 0 }))).toContain('MatMul');
    const b = new Builder();
    b.node(
      'MatMul',
      [b.pair(b.input('x', [3]), 0.5, 3), b.dequantize(b.constant('uint8', [1, 2, 3], [3, 1]), 1)],
      {},
      'y',
    );
    expect(ops(fuseQdq(b.graph('y')))).toContain('MatMul');
  });
});
