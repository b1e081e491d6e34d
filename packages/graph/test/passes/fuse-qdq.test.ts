import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/ir.ts';
import { fuseQdq } from '../../src/passes/index.ts';
import { Builder, numbers, only, ops, sequence } from './build.ts';
import { interpret } from './interpret.ts';

const image = [1, 2, 4, 4];
const feed = (shape: readonly number[], seed: number): { shape: readonly number[]; data: number[] } => ({
  shape,
  data: sequence(
    shape.reduce((p, d) => p * d, 1),
    seed,
    -80,
    80,
  ).map((v) => v / 2),
});

/** Fuses and expects the same value of the output. */
function fuse(b: Builder, output = 'y'): Graph {
  const before = b.graph(output);
  const after = fuseQdq(before);
  const feeds = Object.fromEntries(
    before.inputs.map((input, i) => [input.name, feed(input.shape as number[], i + 1)]),
  );
  expect(interpret(after, feeds)[output]).toEqual(interpret(before, feeds)[output]);
  return after;
}

/** x -> Q DQ -> op -> Q DQ -> y */
function wrapped(
  op: (b: Builder, x: string) => string,
  x: readonly [number, number],
  y: readonly [number, number],
  dtype: 'int8' | 'uint8' = 'uint8',
): Builder {
  const b = new Builder();
  const out = op(b, b.pair(b.input('x', image), x[0], x[1], dtype));
  b.dequantize(b.quantize(out, y[0], y[1], dtype, 'q'), y[0], y[1], dtype, 'y');
  return b;
}

describe('Add', () => {
  const add = (
    left: readonly ['int8' | 'uint8', number],
    right: readonly ['int8' | 'uint8', number],
    to: 'int8' | 'uint8',
    between?: (b: Builder, x: string) => string,
  ): Builder => {
    const b = new Builder();
    const [l, r] = [
      b.pair(b.input('a', image), 0.5, left[1], left[0]),
      b.pair(b.input('b', [2, 1, 1]), 0.25, right[1], right[0]),
    ];
    const sum = b.node('Add', [l, r]);
    b.dequantize(b.quantize(between?.(b, sum) ?? sum, 1, 7, to, 'q'), 1, 7, to, 'y');
    return b;
  };

  test('becomes QLinearAdd, operands in the order of the operator', () => {
    const after = fuse(add(['uint8', 90], ['uint8', 60], 'uint8'));
    expect(ops(after)).toEqual(['QuantizeLinear', 'QuantizeLinear', 'QLinearAdd', 'DequantizeLinear']);
    const node = only(after, 'QLinearAdd');
    expect([node.inputs[0], node.inputs[3], node.outputs[0], node.domain]).toEqual([
      after.nodes[0]!.outputs[0],
      after.nodes[1]!.outputs[0],
      'q',
      'com.microsoft',
    ]);
    expect([1, 2, 4, 5, 6, 7].map((i) => numbers(after, node.inputs[i])[0])).toEqual([
      0.5, 90, 0.25, 60, 1, 7,
    ]);
  });

  test('of a constant, of one value twice, and with a Relu behind, fuses', () => {
    const b = new Builder();
    const x = b.pair(b.input('x', image), 0.5, 90);
    const sum = b.node('Add', [x, b.dequantize(b.constant('uint8', [3, 9], [2, 1, 1]), 0.25)]);
    const twice = b.pair(sum, 1, 7);
    b.quantize(b.node('Relu', [b.node('Add', [twice, twice])]), 2, 3, 'uint8', 'y');
    expect(ops(fuse(b))).toEqual(['QuantizeLinear', 'QLinearAdd', 'QLinearAdd', 'Clip']);
  });

  test.each<[string, Builder]>([
    ['two types of operands', add(['uint8', 90], ['int8', 0], 'uint8')],
    ['another type of result', add(['uint8', 90], ['uint8', 0], 'int8')],
    [
      'a float operand',
      (() => {
        const b = new Builder();
        b.quantize(b.node('Add', [b.pair(b.input('x', image), 0.5, 90), b.float([1])]), 1, 7, 'uint8', 'y');
        return b;
      })(),
    ],
    [
      'no quantizer behind',
      (() => {
        const b = new Builder();
        b.node('Add', [b.pair(b.input('x', image), 0.5, 90), b.pair(b.input('z', image), 0.5, 90)], {}, 'y');
        return b;
      })(),
    ],
  ])('stays with %s', (_, b) => {
    expect(ops(fuse(b))).toContain('Add');
  });
});

describe('pools of averages', () => {
  test.each([
    ['GlobalAveragePool', {}, 'QLinearGlobalAveragePool'],
    [
      'AveragePool',
      { kernel_shape: [2, 2], strides: [2, 1], dilations: [1, 1], count_include_pad: 1 },
      'QLinearAveragePool',
    ],
  ] as const)('%s fuses', (op, attributes, to) => {
    const after = fuse(wrapped((b, x) => b.node(op, [x], attributes), [0.5, 90], [0.25, 3]));
    expect(ops(after)).toEqual(['QuantizeLinear', to, 'DequantizeLinear']);
    const node = only(after, to);
    expect(node.inputs.slice(1).map((name) => numbers(after, name)[0])).toEqual([0.5, 90, 0.25, 3]);
    expect(node.domain).toBe('com.microsoft');
    expect(Object.keys(node.attributes).sort()).toEqual(
      [...Object.keys(attributes).filter((name) => name !== 'dilations'), 'channels_last'].sort(),
    );
  });

  test('an average over a dilated window stays', () => {
    const b = wrapped(
      (c, x) => c.node('AveragePool', [x], { kernel_shape: [2, 2], dilations: [2, 2] }),
      [0.5, 90],
      [0.25, 3],
    );
    expect(ops(fuseQdq(b.graph('y')))).toContain('AveragePool');
  });
});

describe('operators that move elements', () => {
  const cases: readonly [string, (b: Builder, x: string) => string][] = [
    ['Reshape', (b, x) => b.node('Reshape', [x, b.constant('int64', [0, -1])])],
    ['Flatten', (b, x) => b.node('Flatten', [x])],
    ['Transpose', (b, x) => b.node('Transpose', [x], { perm: [0, 2, 3, 1] })],
    ['MaxPool', (b, x) => b.node('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] })],
    ['Concat', (b, x) => b.node('Concat', [x, x], { axis: 0 })],
  ];

  test.each(cases)('%s between the same parameters runs on codes', (op, make) => {
    for (const dtype of ['uint8', 'int8'] as const) {
      expect(ops(fuse(wrapped(make, [0.5, 90], [0.5, 90], dtype)))).toEqual([
        'QuantizeLinear',
        op,
        'DequantizeLinear',
      ]);
    }
  });

  test.each(cases)('%s between other parameters runs on codes, and is quantized again behind', (op, make) => {
    expect(ops(fuse(wrapped(make, [0.5, 90], [0.25, 90])))).toEqual([
      'QuantizeLinear',
      op,
      'DequantizeLinear',
      'QuantizeLinear',
      'DequantizeLinear',
    ]);
  });

  test('one without a quantizer behind hands codes on', () => {
    const b = new Builder();
    const x = b.node('Reshape', [b.pair(b.input('x', image), 0.5, 90), b.constant('int64', [4, 8])]);
    b.node(
      'Gemm',
      [x, b.dequantize(b.constant('int8', sequence(16, 1, -9, 9), [8, 2]), 0.5, 0, 'int8')],
      {},
      'y',
    );
    expect(ops(fuse(b))).toEqual(['QuantizeLinear', 'Reshape', 'QGemm']);
  });

  test('Concat of other parameters, and MaxPool whose indices are read, stay', () => {
    const b = new Builder();
    b.node(
      'Concat',
      [b.pair(b.input('x', image), 0.5, 90), b.pair(b.input('z', image), 0.5, 91)],
      { axis: 0 },
      'y',
    );
    expect(ops(fuse(b)).filter((op) => op === 'DequantizeLinear')).toHaveLength(2);
    const c = new Builder();
    c.node('MaxPool', [c.pair(c.input('x', image), 0.5, 90)], { kernel_shape: [2, 2] }, 'y', ['at']);
    expect(ops(fuseQdq(c.graph('y', 'at')))).toEqual(['QuantizeLinear', 'DequantizeLinear', 'MaxPool']);
  });

  test('Transpose of weights with a scale each takes its axis along', () => {
    const b = new Builder();
    const codes = b.constant('int8', sequence(16, 1, -9, 9), [2, 8]);
    const w = b.node('Transpose', [
      b.node('DequantizeLinear', [codes, b.float([0.5, 2]), b.constant('int8', [0, 0])], { axis: 0 }),
    ]);
    b.node('MatMul', [b.pair(b.input('x', [4, 8]), 0.5, 90), w], {}, 'y');
    const after = fuse(b);
    expect(ops(after)).toEqual(['QuantizeLinear', 'MatMulIntegerToFloat']);
    expect(after.constants.get(only(after, 'MatMulIntegerToFloat').inputs[1]!)!.shape).toEqual([8, 2]);
  });

  test.each<[string, (b: Builder, x: string) => string, readonly number[] | undefined]>([
    ['Relu', (b, x) => b.node('Relu', [x]), [90, 255]],
    ['Clip', (b, x) => b.node('Clip', [x, b.float([-1.3], []), b.float([2.2], [])]), [87, 94]],
    ['Relu and Clip', (b, x) => b.node('Clip', [b.node('Relu', [x]), '', b.float([2.2], [])]), [90, 94]],
    [
      'Clip beyond all codes',
      (b, x) => b.node('Clip', [x, b.float([-99], []), b.float([99], [])]),
      undefined,
    ],
  ])('%s between the same parameters runs on codes', (_, make, bounds) => {
    const after = fuse(wrapped(make, [0.5, 90], [0.5, 90]));
    const clips = after.nodes.filter((node) => node.op === 'Clip');
    expect(ops(after).filter((op) => op !== 'Clip')).toEqual(['QuantizeLinear', 'DequantizeLinear']);
    const lows = clips.map((node) => numbers(after, node.inputs[1])[0]!);
    const highs = clips.map((node) => numbers(after, node.inputs[2])[0]!);
    expect([Math.max(...lows), Math.min(...highs)]).toEqual(bounds ?? [-Infinity, Infinity]);
  });

  test('Relu at the lowest zero point is nothing', () => {
    expect(ops(fuse(wrapped((b, x) => b.node('Relu', [x]), [0.5, 0], [0.5, 0])))).toEqual([
      'QuantizeLinear',
      'DequantizeLinear',
    ]);
    expect(ops(fuse(wrapped((b, x) => b.node('Relu', [x]), [0.5, -128], [0.5, -128], 'int8')))).toEqual([
      'QuantizeLinear',
      'DequantizeLinear',
    ]);
  });
});

describe('pairs', () => {
  test('names of inputs and outputs stay, by a copy where it must be', () => {
    const b = new Builder();
    b.quantize(b.dequantize(b.input('x', [4], 'uint8'), 0.5, 3), 0.5, 3, 'uint8', 'y');
    const after = fuseQdq(b.graph('y'));
    expect(after.nodes).toMatchObject([{ op: 'Identity', inputs: ['x'], outputs: ['y'] }]);
    const c = new Builder();
    c.quantize(c.dequantize(c.quantize(c.input('x', [4]), 0.5, 3), 0.5, 3), 0.5, 3, 'uint8', 'y');
    expect(fuseQdq(c.graph('y')).nodes).toMatchObject([
      { op: 'QuantizeLinear', inputs: ['x', expect.anything(), expect.anything()], outputs: ['y'] },
    ]);
  });

  test.each<[string, (b: Builder, x: string) => string]>([
    ['another scale', (b, x) => b.quantize(b.dequantize(x, 0.5, 3), 0.25, 3, 'uint8', 'y')],
    ['another zero point', (b, x) => b.quantize(b.dequantize(x, 0.5, 3), 0.5, 4, 'uint8', 'y')],
    ['another type', (b, x) => b.quantize(b.dequantize(x, 0.5, 3), 0.5, 3, 'int8', 'y')],
    [
      'a scale that is no constant',
      (b, x) => b.node('QuantizeLinear', [b.node('DequantizeLinear', [x, b.input('s', [])]), 's'], {}, 'y'),
    ],
  ])('with %s stay', (_, make) => {
    const b = new Builder();
    make(b, b.input('x', [4], 'uint8'));
    expect(ops(fuseQdq(b.graph('y')))).toEqual(['DequantizeLinear', 'QuantizeLinear']);
  });

  test('a DequantizeLinear with several readers serves each, the float ones too', () => {
    const b = new Builder();
    const x = b.pair(b.input('x', image), 0.5, 90);
    b.node('Sigmoid', [x], {}, 'z');
    b.quantize(b.node('Add', [x, x]), 1, 7, 'uint8', 'y');
    const after = fuseQdq(b.graph('y', 'z'));
    expect(ops(after)).toEqual(['QuantizeLinear', 'DequantizeLinear', 'Sigmoid', 'QLinearAdd']);
  });

  test('a float graph, and one with opaque nodes between, is left as it is', () => {
    const b = new Builder();
    b.node('Conv', [b.input('x', image), b.float(sequence(4, 1, 0, 9), [2, 2, 1, 1])], {}, 'y');
    expect(fuseQdq(b.graph('y')).nodes).toEqual(b.nodes);
    const c = new Builder();
    c.quantize(c.opaque('Secret', [c.pair(c.input('x', image), 0.5, 3)], 'z'), 0.5, 3, 'uint8', 'y');
    const after = fuseQdq(c.graph('y'));
    expect(after.nodes).toEqual(c.nodes);
    expect(after.domains.size).toBe(0);
  });

  test('scales in Constant nodes count as constants, absent zero points as uint8 zeros', () => {
    const b = new Builder();
    const scale = b.node('Constant', [], { value_float: { type: 'float', value: 0.5 } });
    const x = b.node('DequantizeLinear', [b.node('QuantizeLinear', [b.input('x', image), scale]), scale]);
    b.node('DequantizeLinear', [b.node('QuantizeLinear', [b.node('Add', [x, x]), scale]), scale], {}, 'y');
    const after = fuseQdq(b.graph('y'));
    expect(ops(after)).toEqual(['QuantizeLinear', 'QLinearAdd', 'DequantizeLinear']);
    const zero = after.constants.get(only(after, 'QLinearAdd').inputs[2]!)!;
    expect([zero.elementType, zero.shape, numbers(after, zero.name)]).toEqual(['uint8', [], [0]]);
  });
});
