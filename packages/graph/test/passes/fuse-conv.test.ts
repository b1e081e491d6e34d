import { describe, expect, test } from 'vitest';
import { fuseQdq, prepareInteger } from '../../src/passes/index.ts';
import { Builder, numbers, only, ops, sequence } from './build.ts';
import { interpret } from './interpret.ts';

interface Options {
  readonly x?: 'int8' | 'uint8';
  readonly w?: 'int8' | 'uint8';
  readonly y?: 'int8' | 'uint8';
  readonly wScale?: readonly number[];
  readonly wZero?: readonly number[] | undefined;
  readonly wAxis?: number;
  readonly bias?: 'int32' | 'float' | 'other step' | 'close step' | 'none';
  readonly group?: number;
  readonly yScale?: number;
  readonly yZero?: number;
  readonly between?: (b: Builder, conv: string) => string;
}

/** Steps are powers of two, so that the interpreter's float64 is exact and codes must be equal. */
function build(options: Options = {}): Builder {
  const {
    x = 'uint8',
    w = 'int8',
    y = x,
    wScale = [0.25, 0.5, 0.125, 1],
    wZero = wScale.map(() => 0),
    wAxis = 0,
    bias = 'int32',
    group = 1,
  } = options;
  const b = new Builder();
  const xName = b.dequantize(
    b.quantize(b.input('x', [1, 4, 5, 5]), 0.5, x === 'int8' ? -3 : 121, x),
    0.5,
    x === 'int8' ? -3 : 121,
    x,
  );
  const codes = b.constant(
    w,
    sequence(4 * (4 / group) * 9, 5, w === 'int8' ? -20 : 0, w === 'int8' ? 20 : 40),
    [4, 4 / group, 3, 3],
    'w',
  );
  const wShape = wScale.length === 1 ? [] : [wScale.length];
  const zero = wZero === undefined ? [] : [b.constant(w, wZero, wShape)];
  const weights = b.node(
    'DequantizeLinear',
    [codes, b.float(wScale, wShape), ...zero],
    { axis: wAxis },
    'weights',
  );
  const step = (c: number): number => 0.5 * wScale[wScale.length === 1 ? 0 : c]!;
  const biases: Record<string, () => string[]> = {
    none: () => [],
    int32: () => [
      b.node(
        'DequantizeLinear',
        [b.constant('int32', [100, -7, 9999, 0], [4], 'b'), b.float([0, 1, 2, 3].map(step))],
        { axis: 0 },
      ),
    ],
    'close step': () => [
      b.node(
        'DequantizeLinear',
        [
          b.constant('int32', [100, -7, 9999, 0], [4], 'b'),
          b.float([0, 1, 2, 3].map((c) => step(c) * (1 + 2 ** -22))),
        ],
        { axis: 0 },
      ),
    ],
    'other step': () => [
      b.node(
        'DequantizeLinear',
        [b.constant('int32', [200, -14, 19998, 0], [4], 'b'), b.float([0, 1, 2, 3].map((c) => step(c) / 2))],
        { axis: 0 },
      ),
    ],
    float: () => [b.float([12.5, -1, 3, 0.5], [4], 'b')],
  };
  const conv = b.node(
    'Conv',
    [xName, weights, ...biases[bias]!()],
    { pads: [1, 0, 1, 2], strides: [2, 1], group },
    'conv',
  );
  const {
    yScale = 16,
    yZero = y === 'int8' ? 5 : 100,
    between = (_: Builder, name: string): string => name,
  } = options;
  b.dequantize(b.quantize(between(b, conv), yScale, yZero, y, 'q'), yScale, yZero, y, 'y');
  return b;
}

function codesOf(graph: ReturnType<Builder['graph']>): number[] {
  const x = { shape: [1, 4, 5, 5], data: sequence(100, 3, -200, 200).map((v) => v / 4) };
  return interpret(graph, { x })['q']!.data;
}

/** Fuses, and expects the same codes of every form. */
function fuse(options: Options, more: Parameters<typeof fuseQdq>[1] = {}): ReturnType<typeof fuseQdq> {
  const before = build(options).graph('y');
  const after = fuseQdq(before, more);
  expect(codesOf(after)).toEqual(codesOf(before));
  expect(after.outputs).toBe(before.outputs);
  return after;
}

const FUSED = ['QuantizeLinear', 'QLinearConv', 'DequantizeLinear'];
const relu = (b: Builder, x: string): string => b.node('Relu', [x], {}, 'relu');
const clip =
  (lo: number, hi: number) =>
  (b: Builder, x: string): string =>
    b.node('Clip', [x, b.float([lo], []), b.float([hi], [])]);

describe('Conv', () => {
  test('becomes QLinearConv, operands in the order of the operator', () => {
    const before = build().graph('y');
    const after = fuse({});
    expect(ops(after)).toEqual(FUSED);
    const node = only(after, 'QLinearConv');
    const q = before.nodes.find((n) => n.op === 'QuantizeLinear' && n.outputs[0] === 'q')!;
    const x = only(after, 'QuantizeLinear');
    const w = before.nodes.find((n) => n.outputs[0] === 'weights')!;
    expect(node.inputs).toEqual([
      x.outputs[0],
      ...before.nodes[1]!.inputs.slice(1),
      'w',
      ...w.inputs.slice(1),
      ...q.inputs.slice(1),
      'b',
    ]);
    expect(node).toMatchObject({
      domain: '',
      outputs: ['q'],
      name: 'Conv_conv',
      attributes: before.nodes.find((n) => n.op === 'Conv')!.attributes,
    });
    expect(after.domains.size).toBe(0);
  });

  test.each<[string, Options]>([
    ['a scale for all weights', { wScale: [0.25], wZero: [0] }],
    ['weights without zero points', { w: 'uint8', wZero: undefined }],
    ['one scale without a zero point', { w: 'uint8', wScale: [0.5], wZero: undefined }],
    ['uint8 weights around 20', { w: 'uint8', wZero: [20, 20, 20, 20] }],
    ['weights with a zero point each', { wZero: [1, 2, 3, 4] }],
    ['int8 throughout', { x: 'int8' }],
    ['int8 to uint8', { x: 'int8', y: 'uint8' }],
    ['int8 with uint8 weights', { x: 'int8', w: 'uint8' }],
    ['no bias', { bias: 'none' }],
    ['groups', { group: 2 }],
    ['a channel for each group', { group: 4 }],
    ['the axis counted from the end', { wAxis: -4 }],
  ])('fuses with %s', (_, options) => {
    expect(ops(fuse(options))).toEqual(FUSED);
  });

  test('takes over a bias whose step differs by a rounding', () => {
    const after = fuse({ bias: 'close step' });
    expect(ops(after)).toEqual(FUSED);
    expect(numbers(after, only(after, 'QLinearConv').inputs[8])).toEqual([100, -7, 9999, 0]);
  });

  test.each(['float', 'other step'] as const)(
    'leaves a bias of the kind %s alone, and quantizes it where asked',
    (bias) => {
      expect(ops(fuse({ bias }))).toContain('Conv');
      const after = fuse({ bias }, { quantizeBias: true });
      expect(ops(after)).toEqual(FUSED);
      const expected = bias === 'float' ? [100, -4, 48, 1] : [100, -7, 9999, 0];
      expect(numbers(after, only(after, 'QLinearConv').inputs[8])).toEqual(expected);
    },
  );

  test('leaves a bias that leaves int32', () => {
    const b = build({ bias: 'float' });
    b.constants.set('b', {
      ...b.constants.get('b')!,
      tensor: () => ({ dtype: 'float32', shape: [4], data: Float32Array.of(3e9, 0, 0, 0) }),
    });
    expect(ops(fuseQdq(b.graph('y'), { quantizeBias: true }))).toContain('Conv');
  });

  test.each<[string, Options]>([
    ['a zero point for each channel', { wZero: [1, 2, 3, 4] }],
    ['int8 with uint8 weights', { x: 'int8', w: 'uint8' }],
    ['int8 to uint8', { x: 'int8', y: 'uint8' }],
  ])('keeps the float form of %s where files are to load elsewhere', (_, options) => {
    expect(ops(fuse(options, { portable: true }))).toContain('Conv');
  });

  test.each<[string, Options]>([
    ['scales along another axis', { wAxis: 1 }],
    [
      'a clamp with bounds that are no constants',
      { between: (b, x) => b.node('Clip', [x, b.input('lo', [])]) },
    ],
    ['another function before the quantizer', { between: (b, x) => b.node('Tanh', [x]) }],
    ['an opaque node before the quantizer', { between: (b, x) => b.opaque('Secret', [x], 'z') }],
  ])('stays with %s', (_, options) => {
    expect(ops(fuseQdq(build(options).graph('y')))).toContain('Conv');
  });

  test.each<[string, (b: Builder) => string[]]>([
    ['is an output', () => ['conv']],
    ['has a second reader', (b) => [b.node('Tanh', ['conv'])]],
    ['is read by a subgraph', (b) => [b.opaque('If', [], 'z', ['conv'])]],
  ])('stays where it %s', (_, more) => {
    const b = build();
    const after = fuseQdq(b.graph('y', ...more(b)));
    expect(ops(after)).toContain('Conv');
    expect(after.nodes.some((node) => node.outputs.includes('conv'))).toBe(true);
  });

  test.each(['x', 'w'])('stays where the scale of %s is no constant', (which) => {
    const b = build();
    const at = b.nodes.findIndex(
      (node) => node.outputs[0] === (which === 'w' ? 'weights' : b.nodes[1]!.outputs[0]),
    );
    const node = b.nodes[at]!;
    b.nodes[at] = {
      ...node,
      inputs: [node.inputs[0]!, b.input('scale', which === 'w' ? [4] : []), node.inputs[2]!],
    };
    expect(ops(fuseQdq(b.graph('y')))).toContain('Conv');
  });

  test('stays with blocks of weights, or a quantizer along an axis', () => {
    const b = build();
    const at = b.nodes.findIndex((node) => node.outputs[0] === 'weights');
    b.nodes[at] = {
      ...b.nodes[at]!,
      attributes: { ...b.nodes[at]!.attributes, block_size: { type: 'int', value: 2 } },
    };
    expect(ops(fuseQdq(b.graph('y')))).toContain('Conv');
    const c = build();
    const q = c.nodes.findIndex((node) => node.outputs[0] === 'q');
    c.nodes[q] = { ...c.nodes[q]!, inputs: ['conv', c.float([1, 2, 4, 8])] };
    expect(ops(fuseQdq(c.graph('y')))).toContain('Conv');
  });
});

describe('clamps after Conv', () => {
  test.each<[string, Options]>([
    ['Relu at zero point 0', { yZero: 0, between: relu }],
    ['Clip that saturation gives', { yScale: 16, yZero: 0, between: clip(0, 4080) }],
    ['Relu and Clip', { yScale: 16, yZero: 0, between: (b, x) => clip(-5, 4080)(b, relu(b, x)) }],
  ])('%s vanishes', (_, options) => {
    expect(ops(fuse(options))).toEqual(FUSED);
  });

  test.each<[string, Options, readonly number[]]>([
    ['Relu', { between: relu }, [100, 255]],
    ['Clip', { between: clip(-165, 200) }, [90, 112]],
    ['Relu and Clip', { between: (b, x) => clip(-165, 200)(b, relu(b, x)) }, [100, 112]],
    ['Relu on int8', { x: 'int8', between: relu }, [5, 127]],
  ])('%s becomes a Clip on codes', (_, options, bounds) => {
    const after = fuse(options);
    expect(ops(after)).toEqual(['QuantizeLinear', 'QLinearConv', 'Clip', 'DequantizeLinear']);
    const node = only(after, 'Clip');
    expect(node.outputs).toEqual(['q']);
    expect(node.inputs.slice(1).flatMap((name) => numbers(after, name))).toEqual(bounds);
    expect(after.constants.get(node.inputs[1]!)).toMatchObject({
      elementType: options.x ?? 'uint8',
      shape: [],
    });
  });

  test('a clamp that something else reads keeps the Conv', () => {
    const b = build({ between: relu });
    expect(ops(fuseQdq(b.graph('y', 'relu')))).toContain('Conv');
  });
});

test('prepareInteger leaves no quantized constants behind', () => {
  const float = prepareInteger(build({ bias: 'float' }).graph('y'));
  expect(ops(float)).toEqual([
    'QuantizeLinear',
    'DequantizeLinear',
    'Conv',
    'QuantizeLinear',
    'DequantizeLinear',
  ]);
  expect(float.constants.get(only(float, 'Conv').inputs[1]!)!.elementType).toBe('float32');
  expect(ops(prepareInteger(build({ yZero: 0, between: relu }).graph('y')))).toEqual(FUSED);
});
