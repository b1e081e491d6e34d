import { type CodeType, codeRange, dtypes, type Tensor } from '@halftone/core';
import { type Arithmetic, type Graph, GraphSession } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { backend, expectOrt, expectWithinOneStep, Model, Random, runOurs } from './executor-support.ts';

/** All 256 codes. */
function allCodes(dtype: CodeType): Tensor {
  const [lo] = codeRange(dtype);
  const data = new dtypes[dtype].Array(256).map((_, i) => lo + i);
  return { dtype, shape: [4, 64], data } as unknown as Tensor;
}

function dequantize(model: Model, codes: string, dtype: CodeType, scale: number, zero: number): string {
  return model.node('DequantizeLinear', [codes, model.float(scale), model.code(dtype, zero)]);
}

function quantize(model: Model, x: string, dtype: CodeType, scale: number, zero: number): string {
  return model.node('QuantizeLinear', [x, model.float(scale), model.code(dtype, zero)]);
}

function ops(graph: Graph, arithmetic?: Arithmetic, integerOnly = false): string[] {
  const session = new GraphSession(graph, { backends: [backend], arithmetic, integerOnly });
  return session.explain().map((row) => row.op);
}

/** Every operator that is one function of each element. */
const functions = [
  'Abs',
  'Ceil',
  'Clip',
  'Elu',
  'Erf',
  'Exp',
  'Floor',
  'Gelu',
  'HardSigmoid',
  'HardSwish',
  'LeakyRelu',
  'Log',
  'Mish',
  'Neg',
  'Reciprocal',
  'Relu',
  'Round',
  'Selu',
  'Sigmoid',
  'Sign',
  'Softplus',
  'Softsign',
  'Sqrt',
  'Tanh',
  'com.microsoft.Gelu',
  'com.microsoft.QuickGelu',
];

describe.each(['int8', 'uint8'] as const)('a function between %s codes', (dtype) => {
  const zero = dtype === 'int8' ? -20 : 100;

  test.each(functions)('%s is a table, with the codes of the float operators', async (op) => {
    const model = new Model(20);
    const codes = model.input('x', dtype, [4, 64]);
    const real = dequantize(model, codes, dtype, 0.04, zero);
    model.output(quantize(model, model.node(op, [real]), dtype, 0.03, 3));
    // Relu may clamp the codes first, which is a table by itself.
    expect(new Set(ops(model.graph()))).toEqual(new Set(['lut256']));
    // The same operators with the reals as outputs are computed one by one.
    const apart = new Model(20);
    const x = dequantize(apart, apart.input('x', dtype, [4, 64]), dtype, 0.04, zero);
    const y = apart.node(op, [x]);
    const q = quantize(apart, y, dtype, 0.03, 3);
    apart.output(q, y);
    const feeds = { x: allCodes(dtype) };
    const [table] = Object.values(await runOurs(model.graph(), feeds));
    expect(table!.data).toEqual((await runOurs(apart.graph(), feeds))[q]!.data);
    await expectWithinOneStep(model, feeds);
  });

  test('other parameters alone are a table too', async () => {
    const model = new Model();
    const codes = model.input('x', dtype, [4, 64]);
    model.output(quantize(model, dequantize(model, codes, dtype, 0.04, zero), 'int8', 0.07, 5));
    expect(ops(model.graph())).toEqual(['lut256']);
    await expectOrt(model, { x: allCodes(dtype) });
  });
});

test('a chain is one table, and a value that two nodes read is read as codes by each', async () => {
  const model = new Model();
  const real = dequantize(model, model.input('x', 'int8', [4, 64]), 'int8', 0.04, 3);
  const chain = model.node('Tanh', [model.node('LeakyRelu', [model.node('Sigmoid', [real])])]);
  model.output(
    quantize(model, chain, 'int8', 0.01, 0),
    quantize(model, model.node('Abs', [real]), 'uint8', 0.02, 0),
  );
  expect(ops(model.graph())).toEqual(['lut256', 'lut256']);
  await expectWithinOneStep(model, { x: allCodes('int8') });
});

test('a real that something else reads stays one', () => {
  const model = new Model();
  const real = dequantize(model, model.input('x', 'int8', [4, 64]), 'int8', 0.04, 3);
  const sigmoid = model.node('Sigmoid', [real]);
  model.output(quantize(model, sigmoid, 'int8', 0.01, 0), sigmoid);
  expect(ops(model.graph())).toEqual(['dequantize', 'unary', 'quantize']);
});

describe('softmax between codes', () => {
  const model = (): Model => {
    const made = new Model();
    const real = dequantize(made, made.input('x', 'int8', [3, 12]), 'int8', 0.1, 4);
    made.output(quantize(made, made.node('Softmax', [real]), 'int8', 1 / 256, -128));
    return made;
  };

  test('is computed on reals by ONNX Runtime’s arithmetic, on codes in fixed point', async () => {
    expect(ops(model().graph())).toEqual(['dequantize', 'softmax', 'quantize']);
    expect(ops(model().graph(), 'tflite-double', true)).toEqual(['qsoftmax']);
    const x = new Random(4).codes('int8', [3, 12]);
    await expectOrt(model(), { x });
    const [exact] = Object.values(await runOurs(model().graph(), { x }));
    const session = new GraphSession(model().graph(), { backends: [backend], integerOnly: true });
    const [fixed] = Object.values(await session.run({ x }));
    fixed!.data.forEach((code, i) =>
      expect(Math.abs(Number(code) - Number(exact!.data[i]))).toBeLessThanOrEqual(1),
    );
  });
});

test('Mul between codes is QLinearMul', async () => {
  const model = new Model();
  const [a, b] = [model.input('a', 'uint8', [2, 3]), model.input('b', 'uint8', [3])];
  const product = model.node('Mul', [
    dequantize(model, a, 'uint8', 0.02, 100),
    dequantize(model, b, 'uint8', 0.03, 90),
  ]);
  model.output(quantize(model, product, 'uint8', 0.05, 128));
  expect(ops(model.graph())).toEqual(['qmul']);
  const random = new Random(2);
  await expectOrt(model, { a: random.codes('uint8', [2, 3]), b: random.codes('uint8', [3]) }, true);
});
