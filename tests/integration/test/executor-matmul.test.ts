import { type CodeType, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOrt, runOurs } from './executor-support.ts';

const flags = [0, 1] as const;
const pairs = (['uint8', 'int8'] as const).flatMap((a) =>
  (['uint8', 'int8'] as const).map((b) => [a, b] as const),
);
// ONNX Runtime has no kernels for int8 by uint8 with scaled results.
const loaded = pairs.filter(([a, b]) => !(a === 'int8' && b === 'uint8'));
const zeroOf = (dtype: CodeType): number => (dtype === 'uint8' ? 117 : -5);

describe('Gemm', () => {
  const biases: readonly (readonly number[] | undefined)[] = [
    undefined,
    [],
    [1],
    [5],
    [1, 5],
    [4, 1],
    [4, 5],
    [1, 1],
  ];
  const cases = flags.flatMap((transA) =>
    flags.flatMap((transB) => biases.map((c) => ({ transA, transB, c }))),
  );
  test.each(cases)('transA $transA, transB $transB, C $c', async ({ transA, transB, c }) => {
    const random = new Random(11);
    const model = new Model();
    const a = model.input('a', 'float32', transA ? [3, 4] : [4, 3]);
    const b = model.constant(random.floats(transB ? [5, 3] : [3, 5]));
    const feeds = { a: random.floats(transA ? [3, 4] : [4, 3]), ...(c ? { c: random.floats(c) } : {}) };
    const known = c ? [model.constant(random.floats(c))] : [];
    const given = c ? [model.input('c', 'float32', c)] : [];
    for (const scales of [{}, { alpha: 0.5 }, { alpha: 1.5, beta: 0.25 }, { beta: 0 }]) {
      for (const bias of c ? [known, given] : [[]]) {
        const y = model.node('Gemm', [a, b, ...bias], { transA, transB, ...scales });
        model.output(
          y,
          model.node('Relu', [model.node('Gemm', [a, b, ...bias], { transA, transB, ...scales })]),
        );
      }
    }
    await expectOrt(model, feeds);
  });
});

describe('MatMul', () => {
  const forms: readonly (readonly [a: readonly number[], b: readonly number[]])[] = [
    [
      [4, 3],
      [3, 5],
    ],
    [
      [2, 4, 3],
      [3, 5],
    ],
    [
      [2, 2, 4, 3],
      [2, 2, 3, 5],
    ],
    [
      [4, 3],
      [1, 1, 3, 5],
    ],
    [
      [2, 4, 3],
      [1, 3, 5],
    ],
    [[3], [3, 5]],
    [[4, 3], [3]],
    [[3], [3]],
    [[2, 4, 3], [3]],
  ];
  test.each(forms)('[%s] by [%s]', async (a, b) => {
    const random = new Random(12);
    const model = new Model();
    const inputs = [model.input('a', 'float32', a), model.input('b', 'float32', b)];
    model.output(
      model.node('MatMul', inputs),
      model.node('Clip', [model.node('MatMul', inputs), model.float(-1), '']),
    );
    await expectOrt(model, { a: random.floats(a), b: random.floats(b) });
  });
});

describe('MatMulInteger', () => {
  test.each(pairs)('%s by %s', async (aType, bType) => {
    const random = new Random(13);
    const model = new Model();
    const a = model.input('a', aType, [2, 4, 37]);
    const b = model.constant(random.weights(bType, [37, 6]));
    const stacked = model.constant(random.weights(bType, [2, 37, 6]));
    const zeros = [model.code(aType, zeroOf(aType)), model.code(bType, zeroOf(bType) + 3)];
    const columns = model.constant(random.integers(bType, [6], bType === 'uint8' ? [100, 150] : [-9, 9]));
    model.output(
      model.node('MatMulInteger', [a, b]),
      model.node('MatMulInteger', [a, b, zeros[0]!]),
      model.node('MatMulInteger', [a, b, ...zeros]),
      model.node('MatMulInteger', [a, b, '', columns]),
      model.node('MatMulInteger', [a, stacked, ...zeros]),
    );
    await expectOrt(model, { a: random.codes(aType, [2, 4, 37]) });
  });
});

describe('QLinearMatMul', () => {
  test.each(loaded)('%s by %s', async (aType, bType) => {
    const random = new Random(14);
    const model = new Model();
    const a = model.input('a', aType, [2, 3, 29]);
    const multiply = (b: string, scales: number): string =>
      model.node('QLinearMatMul', [
        a,
        model.float(0.017),
        model.code(aType, zeroOf(aType)),
        b,
        model.constant(random.scales(scales)),
        model.constant(
          random.integers(bType, scales === 0 ? [] : [scales], bType === 'uint8' ? [120, 130] : [-3, 3]),
        ),
        model.float(0.11),
        model.code(aType, zeroOf(aType) + 4),
      ]);
    const b = model.constant(random.weights(bType, [29, 7]));
    const stacked = model.constant(random.weights(bType, [2, 29, 7]));
    const y = multiply(b, 7);
    const clipped = model.node('Clip', [multiply(b, 0), model.code(aType, 20), model.code(aType, 90)]);
    model.output(y, clipped, multiply(stacked, 0), multiply(b, 1));
    await expectOrt(model, { a: random.codes(aType, [2, 3, 29]) });
  });
});

describe('QGemm', () => {
  const cases = loaded.flatMap(([a, b]) => flags.map((transB) => [a, b, transB] as const));
  test.each(cases)('%s by %s, transB %i', async (aType, bType, transB) => {
    const random = new Random(15);
    const model = new Model();
    const a = model.input('a', aType, [5, 31]);
    const b = model.constant(random.weights(bType, transB ? [6, 31] : [31, 6]));
    const product = (
      scales: number,
      c: readonly number[] | undefined,
      quantized: boolean,
      alpha = 1,
    ): string =>
      model.node(
        'com.microsoft.QGemm',
        [
          a,
          model.float(0.017),
          model.code(aType, zeroOf(aType)),
          b,
          model.constant(random.scales(scales)),
          model.constant(
            random.integers(bType, scales === 0 ? [] : [scales], bType === 'uint8' ? [128, 128] : [0, 0]),
          ),
          c ? model.constant(random.integers('int32', c, [-3000, 3000])) : '',
          ...(quantized ? [model.float(0.13), model.code(aType, zeroOf(aType) + 2)] : []),
        ],
        { transB, alpha },
      );
    model.output(
      product(0, undefined, true),
      product(6, [6], true),
      product(6, [1, 6], true, 0.7),
      product(0, [6], false),
      product(6, undefined, false),
    );
    await expectOrt(model, { a: random.codes(aType, [5, 31]) });
  });

  test('a scalar bias', async () => {
    const random = new Random(16);
    const model = new Model();
    const a = model.input('a', 'uint8', [3, 8]);
    const zero = model.code('uint8', 121);
    model.output(
      model.node('com.microsoft.QGemm', [
        a,
        model.float(0.02),
        zero,
        model.constant(random.codes('uint8', [8, 4])),
        model.float(0.03),
        zero,
        model.code('int32', 777),
        model.float(0.1),
        zero,
      ]),
    );
    await expectOrt(model, { a: random.codes('uint8', [3, 8]) });
  });

  test('float output to the bit, alpha included', async () => {
    const random = new Random(17);
    const model = new Model();
    const a = model.input('a', 'uint8', [3, 40]);
    for (const alpha of [1, 0.3, 1.7]) {
      model.output(
        model.node(
          'com.microsoft.QGemm',
          [
            a,
            model.float(0.0213),
            model.code('uint8', 121),
            model.constant(random.weights('int8', [40, 9])),
            model.constant(random.scales(9)),
            model.constant(random.integers('int8', [9], [0, 0])),
            model.constant(random.integers('int32', [9], [-9000, 9000])),
          ],
          { alpha },
        ),
      );
    }
    const graph = model.graph();
    const feeds = { a: random.codes('uint8', [3, 40]) };
    expect(await runOurs(graph, feeds)).toEqual(await runOrt(graph, feeds));
  });
});

describe('MatMulIntegerToFloat', () => {
  test.each(loaded)('%s by %s', async (aType, bType) => {
    const random = new Random(18);
    const model = new Model();
    const a = model.input('a', aType, [2, 3, 33]);
    const b = model.constant(random.weights(bType, [33, 5]));
    const bias = model.constant(random.floats([5]));
    const scale = model.float(0.023);
    const zeros = [
      model.code(aType, zeroOf(aType)),
      model.constant(random.integers(bType, [5], bType === 'uint8' ? [120, 130] : [-2, 2])),
    ];
    model.output(
      model.node('com.microsoft.MatMulIntegerToFloat', [a, b, scale, model.float(0.04)]),
      model.node('com.microsoft.MatMulIntegerToFloat', [
        a,
        b,
        scale,
        model.constant(random.scales(5)),
        ...zeros,
      ]),
      model.node('com.microsoft.MatMulIntegerToFloat', [
        a,
        b,
        scale,
        model.constant(random.scales(5)),
        ...zeros,
        bias,
      ]),
    );
    const graph = model.graph();
    const feeds = { a: random.codes(aType, [2, 3, 33]) };
    expect(await runOurs(graph, feeds)).toEqual(await runOrt(graph, feeds));
  });
});

test('sums past 2^31 wrap as in ONNX Runtime', async () => {
  const model = new Model();
  const k = 70_000;
  const a = model.input('a', 'uint8', [1, k]);
  model.output(
    model.node('MatMulInteger', [a, model.constant(tensor('uint8', new Uint8Array(k).fill(255), [k, 1]))]),
  );
  await expectOrt(model, { a: tensor('uint8', new Uint8Array(k).fill(255), [1, k]) });
});
