import type { CodeType } from '@halftone/core';
import { describe, test } from 'vitest';
import { expectOrt, expectWithinOneStep, Model, Random } from './executor-support.ts';

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

interface Case {
  readonly x: readonly number[];
  readonly attributes: Attributes;
}

const windows: Readonly<Record<string, Case>> = {
  plain: { x: [2, 3, 8, 7], attributes: { kernel_shape: [2, 3], strides: [2, 2] } },
  'uneven pads': {
    x: [1, 2, 7, 7],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 0, 1] },
  },
  'ceil_mode, a last window over the edge': {
    x: [1, 2, 8, 9],
    attributes: { kernel_shape: [3, 3], strides: [2, 3], ceil_mode: 1 },
  },
  'ceil_mode, a last window that would start in the padding': {
    x: [1, 1, 4, 4],
    attributes: { kernel_shape: [1, 2], strides: [3, 3], pads: [0, 1, 0, 1], ceil_mode: 1 },
  },
  'ceil_mode with pads': {
    x: [1, 2, 6, 6],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
  },
  SAME_UPPER: {
    x: [1, 2, 7, 6],
    attributes: { kernel_shape: [2, 3], strides: [2, 1], auto_pad: 'SAME_UPPER' },
  },
  SAME_LOWER: {
    x: [1, 2, 7, 6],
    attributes: { kernel_shape: [2, 4], strides: [2, 2], auto_pad: 'SAME_LOWER' },
  },
  '1-D': { x: [2, 3, 11], attributes: { kernel_shape: [4], strides: [3], pads: [1, 2] } },
};

const dilated: Readonly<Record<string, Case>> = {
  dilations: { x: [1, 2, 9, 9], attributes: { kernel_shape: [3, 2], dilations: [2, 3], pads: [1, 1, 1, 1] } },
  'dilations and ceil_mode': {
    x: [1, 2, 10, 9],
    attributes: { kernel_shape: [2, 2], dilations: [2, 2], strides: [3, 3], ceil_mode: 1 },
  },
};

describe('MaxPool', () => {
  const cases = Object.entries({ ...windows, ...dilated });
  test.each(cases)('float32, %s', async (_, { x, attributes }) => {
    const random = new Random(21);
    const model = new Model();
    model.output(model.node('MaxPool', [model.input('x', 'float32', x)], attributes));
    await expectOrt(model, { x: random.floats(x, -5, -1) });
  });

  const codes = (['uint8', 'int8'] as const).flatMap((dtype) =>
    cases.map(([name, item]) => [dtype, name, item] as const),
  );
  test.each(codes)('%s, %s', async (dtype, _, { x, attributes }) => {
    const random = new Random(22);
    const model = new Model();
    model.output(model.node('MaxPool', [model.input('x', dtype, x)], attributes));
    await expectOrt(model, { x: random.codes(dtype, x) });
  });
});

describe('AveragePool', () => {
  const both = [0, 1].flatMap((count) =>
    Object.entries({ ...windows, ...dilated }).map(([name, item]) => [count, name, item] as const),
  );
  test.each(both)('count_include_pad %i, %s', async (count, _, { x, attributes }) => {
    const random = new Random(23);
    const model = new Model(19);
    model.output(
      model.node('AveragePool', [model.input('x', 'float32', x)], {
        ...attributes,
        count_include_pad: count,
      }),
    );
    await expectOrt(model, { x: random.floats(x) });
  });

  test.each(both)('between codes, count_include_pad %i, %s', async (count, _, { x, attributes }) => {
    const model = new Model(19);
    const params = [model.float(0.02), model.code('uint8', 120)];
    const real = model.node('DequantizeLinear', [model.input('x', 'uint8', x), ...params]);
    const mean = model.node('AveragePool', [real], { ...attributes, count_include_pad: count });
    model.output(model.node('QuantizeLinear', [mean, ...params]));
    await expectWithinOneStep(model, { x: new Random(27).codes('uint8', x) });
  });

  test.each([[[2, 3, 5, 7]], [[1, 4, 9]]])('GlobalAveragePool of [%s]', async (x) => {
    const random = new Random(24);
    const model = new Model();
    model.output(model.node('GlobalAveragePool', [model.input('x', 'float32', x)]));
    await expectOrt(model, { x: random.floats(x) });
  });
});

function averages(
  model: Model,
  op: string,
  dtype: CodeType,
  x: readonly number[],
  attributes: Attributes,
): void {
  const input = model.input('x', dtype, x);
  const [zx, zy] = dtype === 'uint8' ? [117, 131] : [-7, 5];
  for (const [sx, sy] of [
    [0.021, 0.021],
    [0.021, 0.013],
    [0.5, 1],
  ] as const) {
    model.output(
      model.node(
        `com.microsoft.${op}`,
        [input, model.float(sx), model.code(dtype, zx), model.float(sy), model.code(dtype, zy)],
        attributes,
      ),
    );
  }
}

describe('QLinearGlobalAveragePool', () => {
  const cases = (['uint8', 'int8'] as const).flatMap((dtype) =>
    [
      [2, 3, 5, 7],
      [1, 16, 7, 7],
      [1, 5, 9],
    ].map((x) => [dtype, x] as const),
  );
  test.each(cases)('%s of [%s]', async (dtype, x) => {
    const random = new Random(25);
    const model = new Model();
    averages(model, 'QLinearGlobalAveragePool', dtype, x, { channels_last: 0 });
    await expectOrt(model, { x: random.codes(dtype, x) });
  });
});

describe('QLinearAveragePool', () => {
  const cases = (['uint8', 'int8'] as const).flatMap((dtype) =>
    [0, 1].flatMap((count) =>
      Object.entries(windows).map(([name, item]) => [dtype, count, name, item] as const),
    ),
  );
  test.each(cases)('%s, count_include_pad %i, %s', async (dtype, count, _, { x, attributes }) => {
    const random = new Random(26);
    const model = new Model();
    averages(model, 'QLinearAveragePool', dtype, x, { ...attributes, count_include_pad: count });
    // ONNX Runtime averages dequantized floats and quantizes the mean; ours is the exact integer sum, requantized.
    await expectWithinOneStep(model, { x: random.codes(dtype, x) });
  });
});
