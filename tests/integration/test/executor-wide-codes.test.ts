import { tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOurs } from './executor-support.ts';

describe.each(['int16', 'uint16'] as const)('%s codes', (dtype) => {
  const zero = dtype === 'int16' ? -300 : 30000;

  test('per tensor: quantized and dequantized as ONNX Runtime does', async () => {
    const model = new Model(21);
    const x = model.input('x', 'float32', [4, 5]);
    const params = [model.float(0.01), model.constant(tensor(dtype, [zero], []))];
    const codes = model.node('QuantizeLinear', [x, ...params]);
    model.output(codes, model.node('DequantizeLinear', [codes, ...params]));
    const data = new Random(3).floats([4, 5], -900, 900);
    data.data.set([1e9, -1e9, 0.005, 0.015, -0.005]);
    await expectOrt(model, { x: data });
  });

  test('per axis, and without a zero point by output_dtype', async () => {
    const model = new Model(21);
    const x = model.input('x', 'float32', [3, 4]);
    const scales = model.constant(tensor('float32', [0.1, 0.01, 0.001]));
    const zeros = model.constant(tensor(dtype, [zero, 0, 7]));
    const codes = model.node('QuantizeLinear', [x, scales, zeros], { axis: 0 });
    const plain = model.node('QuantizeLinear', [x, model.float(0.01)], {
      output_dtype: dtype === 'int16' ? 5 : 4,
    });
    model.output(codes, model.node('DequantizeLinear', [codes, scales, zeros], { axis: 0 }), plain);
    await expectOrt(model, { x: new Random(4).floats([3, 4], -20, 20) });
  });
});

test('NaN becomes the lowest 16-bit code', async () => {
  const model = new Model(21);
  const x = model.input('x', 'float32', [1]);
  model.output(model.node('QuantizeLinear', [x, model.float(1), model.constant(tensor('int16', [5], []))]));
  const [codes] = Object.values(await runOurs(model.graph(), { x: tensor('float32', [NaN]) }));
  expect(codes).toEqual(tensor('int16', [-32768]));
});
