import { tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOurs } from './executor-support.ts';

const image = [2, 3, 4, 5];

function behindConv(model: Model, random: Random, x: string): string {
  return model.node('Conv', [x, model.constant(random.floats([3, 3, 1, 1]))]);
}

describe('reductions', () => {
  const names = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'];
  test.each(names)('Reduce%s', async (name) => {
    const random = new Random(3);
    const model = new Model(18);
    const x = model.input('x', 'float32', image);
    const conv = model.node('Abs', [behindConv(model, random, x)]);
    const op = `Reduce${name}`;
    for (const value of [x, conv]) {
      model.output(
        model.node(op, [value, model.ints([2, 3])]),
        model.node(op, [value, model.ints([-3])], { keepdims: 0 }),
        model.node(op, [value, model.ints([1, -1])], { keepdims: 0 }),
        model.node(op, [value], { keepdims: 0 }),
        model.node(op, [value]),
      );
    }
    await expectOrt(model, { x: random.floats(image, 0.5, 1.5) });
  });

  test('axes as an attribute, and no axes that mean none', async () => {
    const random = new Random(4);
    const old = new Model(13);
    old.output(old.node('ReduceMean', [old.input('x', 'float32', image)], { axes: [1, 2], keepdims: 0 }));
    await expectOrt(old, { x: random.floats(image) });
    const none = new Model(18);
    const x = none.input('x', 'float32', image);
    none.output(
      none.node('ReduceSum', [x, none.constant(tensor('int64', [], [0]))], { noop_with_empty_axes: 1 }),
      none.node('ReduceMax', [x], { noop_with_empty_axes: 1 }),
    );
    await expectOrt(none, { x: random.floats(image) });
  });

  test('axes that are given at run time', async () => {
    const model = new Model(18);
    const x = model.input('x', 'float32', image);
    model.output(model.node('ReduceMean', [x, model.input('axes', 'int64', [2])]));
    for (const axes of [
      [1n, 2n],
      [0n, -1n],
    ])
      await expectOrt(model, { x: new Random(5).floats(image), axes: tensor('int64', axes) });
  });
});

test.each(['ArgMax', 'ArgMin'])('%s', async (op) => {
  const model = new Model(13);
  const x = model.input('x', 'float32', image);
  model.output(
    model.node(op, [x]),
    model.node(op, [x], { axis: -1, keepdims: 0 }),
    model.node(op, [x], { axis: 1, select_last_index: 1 }),
  );
  const data = new Random(6).integers('int8', image, [-3, 3]).data;
  await expectOrt(model, { x: tensor('float32', Float32Array.from(data), image) });
});

describe('TopK', () => {
  test.each(['float32', 'int32'] as const)(
    'of %s along any axis, both ways, among many equal elements',
    async (dtype) => {
      const model = new Model(13);
      const x = model.input('x', dtype, image);
      for (const [k, attributes] of [
        [3, {}],
        [2, { axis: 0, largest: 0 }],
        [3, { axis: 1 }],
        [1, { axis: -2, largest: 0 }],
      ] as const)
        model.output(...model.nodes('TopK', [x, model.ints([k])], attributes, 2));
      const { data } = new Random(11).integers('int8', image, [-4, 4]);
      await expectOrt(model, { x: tensor(dtype, Array.from(data), image) });
    },
  );

  test('behind a convolution, and of its indices alone', async () => {
    const random = new Random(12);
    const model = new Model(13);
    const conv = behindConv(model, random, model.input('x', 'float32', image));
    const [values] = model.nodes('TopK', [conv, model.ints([2])], { axis: 1 }, 2);
    const [, indices] = model.nodes('TopK', [conv, model.ints([1])], {}, 2);
    model.output(values!, indices!);
    await expectOrt(model, { x: random.floats(image) });
  });

  test('takes no more than there are', async () => {
    const model = new Model(13);
    model.output(model.node('TopK', [model.input('x', 'float32', [3]), model.ints([4])]));
    await expect(runOurs(model.graph(), { x: tensor('float32', [1, 2, 3]) })).rejects.toMatchObject({
      code: 'HT_SHAPE_MISMATCH',
    });
  });
});

describe('normalizations', () => {
  test('LayerNormalization, with and without bias, over one axis and several', async () => {
    const random = new Random(7);
    for (const [axis, shape] of [
      [-1, [5]],
      [2, [4, 5]],
      [1, [3, 4, 5]],
    ] as const) {
      const model = new Model(17);
      const x = model.input('x', 'float32', image);
      const [scale, bias] = [model.constant(random.floats(shape)), model.constant(random.floats(shape))];
      model.output(
        ...model.nodes('LayerNormalization', [x, scale, bias], { axis, epsilon: 0.01 }, 3),
        model.node('LayerNormalization', [x, scale], { axis }),
      );
      await expectOrt(model, { x: random.floats(image) });
    }
  });

  test('InstanceNormalization', async () => {
    const random = new Random(8);
    const model = new Model(13);
    const x = model.input('x', 'float32', image);
    const [scale, bias] = [model.constant(random.floats([3])), model.constant(random.floats([3]))];
    model.output(model.node('InstanceNormalization', [x, scale, bias], { epsilon: 0.001 }));
    model.output(model.node('InstanceNormalization', [behindConv(model, random, x), scale, bias]));
    await expectOrt(model, { x: random.floats(image) });
  });

  test('SimplifiedLayerNormalization', async () => {
    const random = new Random(9);
    const model = new Model(17);
    const x = model.input('x', 'float32', image);
    model.output(
      model.node('SimplifiedLayerNormalization', [x, model.constant(random.floats([5]))], {
        axis: -1,
        epsilon: 0.01,
      }),
    );
    await expectOrt(model, { x: random.floats(image) });
  });

  test('Softmax and LogSoftmax along any axis', async () => {
    const model = new Model(13);
    const x = model.input('x', 'float32', image);
    for (const op of ['Softmax', 'LogSoftmax'])
      for (const axis of [-1, 0, 2]) model.output(model.node(op, [x], { axis }));
    await expectOrt(model, { x: new Random(10).floats(image, -8, 8) });
  });
});
