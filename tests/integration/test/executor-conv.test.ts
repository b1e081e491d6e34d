import { type CodeType, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random } from './executor-support.ts';

interface Case {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[]>>;
}

const geometries: Readonly<Record<string, Case>> = {
  'pads of four sizes, two strides': {
    x: [2, 3, 9, 8],
    w: [4, 3, 3, 2],
    attributes: { pads: [1, 0, 2, 1], strides: [2, 1] },
  },
  'groups of two channels': {
    x: [1, 4, 6, 5],
    w: [6, 2, 3, 3],
    attributes: { group: 2, pads: [1, 1, 1, 1] },
  },
  depthwise: {
    x: [2, 5, 7, 7],
    w: [5, 1, 3, 3],
    attributes: { group: 5, strides: [2, 2], pads: [0, 1, 1, 0] },
  },
  'depthwise, two outputs a channel': { x: [1, 3, 6, 6], w: [6, 1, 3, 3], attributes: { group: 3 } },
  'dilations that differ': {
    x: [1, 2, 11, 9],
    w: [3, 2, 3, 2],
    attributes: { dilations: [3, 2], pads: [2, 1, 0, 3] },
  },
  pointwise: { x: [2, 6, 3, 4], w: [5, 6, 1, 1] },
  'SAME_UPPER, odd padding': {
    x: [1, 2, 8, 7],
    w: [3, 2, 4, 3],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 3] },
  },
  'SAME_LOWER, odd padding': {
    x: [1, 2, 8, 7],
    w: [3, 2, 4, 3],
    attributes: { auto_pad: 'SAME_LOWER', strides: [2, 3] },
  },
  VALID: { x: [1, 2, 8, 7], w: [3, 2, 3, 3], attributes: { auto_pad: 'VALID', strides: [2, 1] } },
  '1-D': { x: [2, 3, 12], w: [4, 3, 5], attributes: { pads: [1, 3], strides: [2] } },
  '1-D, groups and dilation': {
    x: [1, 4, 13],
    w: [4, 2, 3],
    attributes: { group: 2, dilations: [3], pads: [2, 0] },
  },
};

describe('Conv', () => {
  test.each(Object.entries(geometries))('%s', async (_, { x, w, attributes }) => {
    const random = new Random(1);
    const model = new Model();
    const bias = model.constant(random.floats([w[0]!]));
    const inputs = [model.input('x', 'float32', x), model.constant(random.floats(w))];
    model.output(model.node('Conv', [...inputs, bias], attributes), model.node('Conv', inputs, attributes));
    await expectOrt(model, { x: random.floats(x) });
  });

  test('weights and bias given at run time', async () => {
    const random = new Random(2);
    const model = new Model();
    const names = [
      model.input('x', 'float32', [1, 3, 5, 5]),
      model.input('w', 'float32', [4, 3, 3, 3]),
      model.input('b', 'float32', [4]),
    ];
    model.output(model.node('Conv', names));
    await expectOrt(model, {
      x: random.floats([1, 3, 5, 5]),
      w: random.floats([4, 3, 3, 3]),
      b: random.floats([4]),
    });
  });

  test('clamps behind a convolution, one of them with a second reader', async () => {
    const random = new Random(3);
    const model = new Model();
    const x = model.input('x', 'float32', [1, 2, 6, 6]);
    const conv = (input: string): string =>
      model.node('Conv', [input, model.constant(random.floats([2, 2, 3, 3]))], { pads: [1, 1, 1, 1] });
    const first = model.node('Relu', [conv(x)]);
    const shared = conv(first);
    const clipped = model.node('Clip', [shared, model.float(-1), model.float(3)]);
    model.output(
      model.node('Add', [clipped, shared]),
      model.node('Clip', [conv(clipped), '', model.float(0.5)]),
    );
    await expectOrt(model, { x: random.floats([1, 2, 6, 6]) });
  });
});

describe('ConvInteger', () => {
  // What ONNX Runtime loads (numerics 4.5).
  const pairs: readonly (readonly [CodeType, CodeType])[] = [
    ['uint8', 'uint8'],
    ['uint8', 'int8'],
    ['int8', 'int8'],
  ];
  const cases = pairs.flatMap(([x, w]) =>
    Object.entries(geometries).map(([name, item]) => [x, w, name, item] as const),
  );
  test.each(cases)('%s by %s: %s', async (xType, wType, _, { x, w, attributes }) => {
    const random = new Random(4);
    const model = new Model();
    const inputs = [model.input('x', xType, x), model.constant(random.weights(wType, w))];
    const zero = model.code(xType, xType === 'uint8' ? 131 : -7);
    model.output(
      model.node('ConvInteger', inputs, attributes),
      model.node('ConvInteger', [...inputs, zero], attributes),
      model.node('ConvInteger', [...inputs, zero, model.code(wType, 5)], attributes),
    );
    await expectOrt(model, { x: random.codes(xType, x) });
  });
});

describe('QLinearConv', () => {
  const pairs: readonly (readonly [CodeType, CodeType])[] = [
    ['uint8', 'uint8'],
    ['uint8', 'int8'],
    ['int8', 'int8'],
  ];
  const cases = pairs.flatMap(([x, w]) =>
    Object.entries(geometries).map(([name, item]) => [x, w, name, item] as const),
  );
  test.each(cases)('%s by %s: %s', async (xType, wType, _, { x, w, attributes }) => {
    const random = new Random(5);
    const model = new Model();
    const input = model.input('x', xType, x);
    const zero = xType === 'uint8' ? 113 : -9;
    const outputs = w[0]!;
    const conv = (scales: number, wZero: number, bias: boolean): string =>
      model.node(
        'QLinearConv',
        [
          input,
          model.float(0.021),
          model.code(xType, zero),
          model.constant(random.weights(wType, w)),
          model.constant(random.scales(scales, 0.002, 0.03)),
          model.constant(random.integers(wType, scales === 0 ? [] : [scales], [wZero, wZero])),
          model.float(0.057),
          model.code(xType, zero + 2),
          ...(bias ? [model.constant(random.integers('int32', [outputs], [-4000, 4000]))] : []),
        ],
        attributes,
      );
    // Channels with scales of their own have one zero point: ONNX Runtime takes no other.
    model.output(
      conv(0, wType === 'uint8' ? 129 : 3, true),
      conv(outputs, wType === 'uint8' ? 128 : 0, true),
      conv(outputs, 0, false),
    );
    await expectOrt(model, { x: random.codes(xType, x) });
  });

  test('half steps round to even before an odd zero point is added', async () => {
    const model = new Model();
    const x = model.input('x', 'uint8', [1, 1, 1, 4]);
    const weights = model.constant(tensor('uint8', [1], [1, 1, 1, 1]));
    const one = model.float(1);
    const none = model.code('uint8', 0);
    model.output(
      model.node('QLinearConv', [
        x,
        model.float(0.5),
        none,
        weights,
        one,
        none,
        one,
        model.code('uint8', 113),
      ]),
    );
    const { [model.graph().outputs[0]!.name]: y } = await expectOrt(model, {
      x: tensor('uint8', [1, 3, 5, 7], [1, 1, 1, 4]),
    });
    // numerics 4.3; adding 113 first would give 114, 114, 116, 116.
    expect([...(y!.data as Uint8Array)]).toEqual([113, 115, 115, 117]);
  });

  test('a chain with a code clamp, and two readers of one layout', async () => {
    const random = new Random(6);
    const model = new Model();
    const x = model.input('x', 'uint8', [1, 4, 8, 8]);
    const conv = (input: string): string =>
      model.node(
        'QLinearConv',
        [
          input,
          model.float(0.02),
          model.code('uint8', 121),
          model.constant(random.weights('int8', [4, 4, 3, 3])),
          model.constant(random.scales(4, 0.004, 0.01)),
          model.constant(tensor('int8', [0, 0, 0, 0], [4])),
          model.float(0.04),
          model.code('uint8', 121),
        ],
        { pads: [1, 1, 1, 1] },
      );
    const clip = (input: string): string =>
      model.node('Clip', [input, model.code('uint8', 121), model.code('uint8', 200)]);
    const first = clip(conv(x));
    const second = conv(first);
    model.output(clip(second), second, conv(first));
    await expectOrt(model, { x: random.codes('uint8', [1, 4, 8, 8]) });
  });
});
