import { isHalftoneError, type Tensor, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOurs } from './executor-support.ts';

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

const image = [2, 3, 4, 5];

/** Behind a convolution a value lies with the channels last. */
function behindConv(model: Model, random: Random, x: string): string {
  return model.node('Conv', [x, model.constant(random.floats([3, 3, 1, 1]))]);
}

describe('functions of each element', () => {
  test.each<[string, Attributes, number]>([
    ['Abs', {}, 13],
    ['Ceil', {}, 13],
    ['Elu', { alpha: 0.7 }, 13],
    ['Erf', {}, 13],
    ['Exp', {}, 13],
    ['Floor', {}, 13],
    ['Gelu', {}, 20],
    ['Gelu', { approximate: 'tanh' }, 20],
    ['HardSigmoid', { alpha: 0.3, beta: 0.4 }, 13],
    ['HardSwish', {}, 14],
    ['LeakyRelu', { alpha: 0.2 }, 16],
    ['Mish', {}, 18],
    ['Neg', {}, 13],
    ['Round', {}, 13],
    ['Selu', {}, 13],
    ['Sigmoid', {}, 13],
    ['Sign', {}, 13],
    ['Softplus', {}, 13],
    ['Softsign', {}, 13],
    ['Tanh', {}, 13],
    ['com.microsoft.Gelu', {}, 13],
    ['com.microsoft.QuickGelu', { alpha: 1.5 }, 13],
  ])('%s %o', async (op, attributes, opset) => {
    const random = new Random(8);
    const model = new Model(opset);
    const x = model.input('x', 'float32', image);
    model.output(model.node(op, [x], attributes), model.node(op, [behindConv(model, random, x)], attributes));
    await expectOrt(model, { x: random.floats(image, -6, 6) });
  });

  test.each(['Log', 'Sqrt', 'Reciprocal'])('%s of positive numbers', async (op) => {
    const model = new Model();
    model.output(model.node(op, [model.input('x', 'float32', image)]));
    await expectOrt(model, { x: new Random(9).floats(image, 0.01, 9) });
  });

  test('Neg of integers', async () => {
    const model = new Model();
    model.output(model.node('Neg', [model.input('x', 'int64', [3])]));
    await expectOrt(model, { x: tensor('int64', [5n, -3n, 0n]) });
  });
});

describe('functions of two', () => {
  const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
    [image, image],
    [image, [3, 1, 1]],
    [[4, 1], image],
    [image, []],
  ];
  test.each(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'PRelu', 'Mean', 'Sum'])(
    '%s broadcasts',
    async (op) => {
      for (const [a, b] of shapes) {
        if (op === 'PRelu' && a !== image) continue;
        const random = new Random(a.length * 10 + b.length);
        const model = new Model(16);
        model.output(model.node(op, [model.input('a', 'float32', a), model.input('b', 'float32', b)]));
        await expectOrt(model, {
          a: random.floats(a, op === 'Pow' ? 0.2 : -3, 3),
          b: random.floats(b, 0.5, 2),
        });
      }
    },
  );

  test.each(['Min', 'Max', 'Sum', 'Mean'])('%s of three, and of one', async (op) => {
    const random = new Random(4);
    const model = new Model();
    const [a, b, c] = [
      model.input('a', 'float32', [2, 3]),
      model.input('b', 'float32', [3]),
      model.input('c', 'float32', [2, 1]),
    ];
    model.output(model.node(op, [a, b, c]), model.node(op, [a]));
    await expectOrt(model, { a: random.floats([2, 3]), b: random.floats([3]), c: random.floats([2, 1]) });
  });

  test.each(['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max'])('%s of integers', async (op) => {
    for (const dtype of ['int32', 'int64'] as const) {
      const of = (...values: number[]): Tensor =>
        dtype === 'int64' ? tensor(dtype, values.map(BigInt)) : tensor(dtype, values);
      const model = new Model();
      model.output(model.node(op, [model.input('a', dtype, [4]), model.input('b', dtype, [4])]));
      await expectOrt(model, { a: of(7, -7, 100000, 3), b: of(2, 2, 3, -5) });
    }
  });

  test('Pow with an integer exponent', async () => {
    const model = new Model();
    model.output(
      model.node('Pow', [model.input('a', 'float32', [4]), model.constant(tensor('int64', [3n], [1]))]),
    );
    await expectOrt(model, { a: new Random(2).floats([4]) });
  });
});

describe('truths', () => {
  test.each(['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual'])('%s', async (op) => {
    const model = new Model(16);
    const [a, b] = [model.input('a', 'float32', [2, 3]), model.input('b', 'float32', [3])];
    model.output(model.node(op, [a, b]));
    await expectOrt(model, {
      a: tensor('float32', [1, 2, NaN, 3, 0, 5], [2, 3]),
      b: tensor('float32', [1, 3, 2]),
    });
  });

  test('And, Or, Xor, Not, Where and Cast of them', async () => {
    const model = new Model(16);
    const [x, z] = [model.input('x', 'float32', [2, 3]), model.input('z', 'float32', [3])];
    const [less, equal] = [model.node('Less', [x, z]), model.node('Equal', [x, z])];
    const flags = ['And', 'Or', 'Xor'].map((op) => model.node(op, [less, equal]));
    model.output(
      ...flags,
      model.node('Not', [less]),
      model.node('Where', [less, x, z]),
      model.node('Cast', [equal], { to: 1 }),
    );
    await expectOrt(model, {
      x: tensor('float32', [1, 2, 7, 3, 0, 5], [2, 3]),
      z: tensor('float32', [1, 3, 2]),
    });
  });
});

describe('Clip and Relu', () => {
  test('with bounds of the run, and of integers', async () => {
    const model = new Model();
    const x = model.input('x', 'float32', image);
    const [lo, hi] = [model.input('lo', 'float32', []), model.input('hi', 'float32', [])];
    const conv = behindConv(model, new Random(3), x);
    model.output(
      model.node('Clip', [x, lo, hi]),
      model.node('Clip', [conv, lo]),
      model.node('Clip', [x, '', hi]),
    );
    const codes = model.input('codes', 'int32', [4]);
    model.output(
      model.node('Clip', [
        codes,
        model.constant(tensor('int32', [-2], [])),
        model.constant(tensor('int32', [3], [])),
      ]),
    );
    const feeds = {
      x: new Random(6).floats(image),
      lo: tensor('float32', [-0.5], []),
      hi: tensor('float32', [0.75], []),
      codes: tensor('int32', [-9, 0, 3, 8]),
    };
    await expectOrt(model, feeds);
    await expectOrt(model, { ...feeds, lo: tensor('float32', [1], []), hi: tensor('float32', [-1], []) });
  });

  test('Relu of int32', async () => {
    const model = new Model(14);
    model.output(model.node('Relu', [model.input('x', 'int32', [3])]));
    await expectOrt(model, { x: tensor('int32', [-4, 0, 9]) });
  });
});

test('BatchNormalization with parameters of the run', async () => {
  const random = new Random(12);
  const model = new Model(15);
  const x = model.input('x', 'float32', image);
  const names = ['scale', 'bias', 'mean', 'variance'].map((name) => model.input(name, 'float32', [3]));
  const attributes = { epsilon: 0.01 };
  model.output(
    model.node('BatchNormalization', [x, ...names], attributes),
    model.node('BatchNormalization', [behindConv(model, random, x), ...names], attributes),
  );
  await expectOrt(model, {
    x: random.floats(image),
    scale: random.floats([3]),
    bias: random.floats([3]),
    mean: random.floats([3]),
    variance: random.floats([3], 0.1, 2),
  });
});

describe('operands of another type', () => {
  test.each(['Sigmoid', 'Softmax', 'GlobalAveragePool', 'MatMul', 'Gemm', 'Conv'])(
    '%s of int32 is refused',
    async (op) => {
      const model = new Model();
      const shape = op === 'MatMul' || op === 'Gemm' ? [2, 2] : [1, 2, 2, 2];
      const x = model.input('x', 'int32', shape);
      const inputs = op === 'MatMul' || op === 'Gemm' ? [x, x] : op === 'Conv' ? [x, x] : [x];
      model.output(model.node(op, inputs));
      const size = shape.reduce((product, extent) => product * extent, 1);
      const feeds = { x: tensor('int32', new Int32Array(size), shape) };
      const failed = await runOurs(model.graph(), feeds).catch((error: unknown) => error);
      expect(isHalftoneError(failed, 'HT_UNSUPPORTED')).toBe(true);
    },
  );
});
