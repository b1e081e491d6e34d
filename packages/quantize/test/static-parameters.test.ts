import { quantizeTensor, type Tensor } from '@halftone/core';
import { attribute, makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import {
  batches,
  f32,
  graphOf,
  i64,
  named,
  nodeOf,
  numbers,
  producerOf,
  residualNet,
  value,
} from './support/graphs.ts';
import { evaluate, interpreter } from './support/interpreter.ts';
import { calibration, error, kernel1, qdqOf, quantize, seen } from './support/static.ts';

describe('static quantization: parameters', () => {
  test('activations have the range that the data show, after the clamp', async () => {
    const graph = residualNet();
    const { model, report } = await quantize(graph);
    for (const name of ['x', 'r1', 'c2', 'r2', 'g', 'y']) {
      const { min, max } = seen(graph, name);
      const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
      const scale = Math.fround(Math.fround(high - low) / 255);
      const entry = report.tensors.find((tensor) => tensor.name === name);
      expect(entry).toMatchObject({ dtype: 'uint8', scale, min, max });
      expect(entry?.zeroPoint).toBe(Math.floor(-low / (Math.fround(high - low) / 255) + 0.5));
      expect(numbers(model, qdqOf(model, name).q.inputs[1])).toEqual([scale]);
    }
    expect(report.tensors.find(({ name }) => name === 'r1')?.zeroPoint).toBe(0);
  });

  test('weights have the integers of core', async () => {
    const graph = residualNet();
    const { model } = await quantize(graph);
    const weights = graph.constants.get('w1')?.tensor() as Tensor<'float32'>;
    const expected = quantizeTensor(weights, {
      dtype: 'int8',
      scheme: 'symmetric',
      granularity: 'per-channel',
    });
    const node = producerOf(model, nodeOf(model, 'conv1').inputs[1] as string);
    expect(numbers(model, node?.inputs[0])).toEqual(Array.from(expected.codes.data));
    expect(numbers(model, node?.inputs[1])).toEqual(Array.from(expected.scale));
  });

  test('biases have the step of the products', async () => {
    const graph = residualNet();
    const { model, report } = await quantize(graph);
    const node = producerOf(model, nodeOf(model, 'conv1').inputs[2] as string);
    const sx = report.tensors.find(({ name }) => name === 'x')?.scale as number;
    const sw = report.weightTensors.find(({ name }) => name === 'w1')?.scale as number[];
    const steps = sw.map((s) => Math.fround(sx * s));
    expect(numbers(model, node?.inputs[1])).toEqual(steps);
    const bias = numbers(graph, 'b1');
    numbers(model, node?.inputs[0]).forEach((code, c) => {
      expect(Math.abs(code - (bias[c] as number) / (steps[c] as number))).toBeLessThanOrEqual(0.5);
    });
  });

  test('a bias too large for its step raises the scale of its channel alone', async () => {
    const graph = residualNet();
    const w1 = f32([4, 2, 3, 3], 11);
    w1.data.subarray(18, 36).forEach((v, i, row) => (row[i] = v * 1e-9));
    const b1 = f32([4], [0.5, 1000, -0.25, 0]);
    const constants = new Map(
      [...graph.constants].map(([name, c]) => {
        const t = name === 'w1' ? w1 : name === 'b1' ? b1 : c.tensor();
        return [name, { ...c, tensor: () => t }] as const;
      }),
    );
    const { model, report } = await quantize({ ...graph, constants });
    expect(report.warnings).toContainEqual(
      expect.objectContaining({ code: 'bias-overflow-avoided', subject: 'w1' }),
    );
    const [, weights, bias] = nodeOf(model, 'conv1').inputs.map((name) => producerOf(model, name));
    const plain = quantizeTensor(w1, { dtype: 'int8', scheme: 'symmetric', granularity: 'per-channel' });
    const scale = numbers(model, weights?.inputs[1]);
    scale.forEach((s, c) =>
      expect(c === 1 ? s > (plain.scale[c] as number) : s === plain.scale[c]).toBe(true),
    );
    const codes = numbers(model, weights?.inputs[0]).slice(18, 36);
    codes.forEach((code, i) =>
      expect(Math.abs(code - (w1.data[18 + i] as number) / (scale[1] as number))).toBeLessThanOrEqual(0.5),
    );
    const [real, step] = [
      numbers(model, bias?.inputs[0])[1] as number,
      numbers(model, bias?.inputs[1])[1] as number,
    ];
    expect(Math.abs(real * step - 1000)).toBeLessThan(1e-3);
  });

  test('Gemm multiplies alpha and beta into its constants', async () => {
    const attributes = { alpha: attribute.float(-0.5), beta: attribute.float(2) };
    const graph = graphOf({
      inputs: [value('x', ['N', 3])],
      outputs: ['y'],
      nodes: [makeNode('Gemm', ['x', 'w', 'b'], ['y'], attributes, named('gemm'))],
      constants: { w: f32([3, 2], [1, -2, 3, 4, -5, 0.5]), b: f32([], [0.25]) },
    });
    const data = batches('x', [4, 3], 4);
    const { model } = await quantize(graph, { calibration: data });
    expect(nodeOf(model, 'gemm').attributes).toEqual({});
    expect(error(graph, model, data, 'y')).toBeLessThan(0.05);
  });

  test.each([
    ['uint8', 'per-tensor', undefined],
    ['uint8', 'per-channel', 128],
    ['int8', 'per-channel', 0],
  ] as const)('%s weights %s', async (dtype, granularity, zeroPoint) => {
    const graph = residualNet();
    const { model, report } = await quantize(graph, { weights: { dtype, granularity } });
    const weights = producerOf(model, nodeOf(model, 'conv1').inputs[1] as string);
    expect(model.constants.get(weights?.inputs[0] ?? '')?.elementType).toBe(dtype);
    if (zeroPoint !== undefined)
      expect(new Set(report.weightTensors.flatMap((w) => w.zeroPoint))).toEqual(new Set([zeroPoint]));
    expect(error(graph, model, calibration, 'y')).toBeLessThan(0.05);
  });

  test('reduceRange leaves a bit of the weights unused, and of nothing else', async () => {
    const { model } = await quantize(residualNet(), { reduceRange: true });
    const weights = producerOf(model, nodeOf(model, 'conv1').inputs[1] as string);
    const codes = numbers(model, weights?.inputs[0]);
    expect([Math.min(...codes) >= -64, Math.max(...codes) <= 64, Math.max(...codes.map(Math.abs))]).toEqual([
      true,
      true,
      64,
    ]);
    expect(numbers(model, qdqOf(model, 'x').q.inputs[2])[0]).toBeGreaterThan(100);
  });

  test('values joined by operators that preserve them share one range', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['y'],
      nodes: [
        makeNode('Conv', ['x', 'w'], ['a'], kernel1),
        makeNode('Conv', ['x', 'v'], ['b'], kernel1),
        makeNode('Concat', ['a', 'b'], ['c'], { axis: attribute.int(1) }),
        makeNode('MaxPool', ['c'], ['m'], {
          kernel_shape: attribute.ints([2, 2]),
          strides: attribute.ints([2, 2]),
        }),
        makeNode('Reshape', ['m', 'to'], ['y']),
      ],
      constants: { w: f32([2, 2, 1, 1], 1), v: f32([2, 2, 1, 1], [9, 9, 9, 9]), to: i64([-1, 16]) },
    });
    const runner = interpreter();
    const { model, report } = await quantize(graph, { runner });
    const shared = ['a', 'b', 'c', 'm', 'y'].map((name) => qdqOf(model, name));
    expect(
      new Set(shared.flatMap(({ q, dq }) => [q.inputs.slice(1).join(), dq.inputs.slice(1).join()])).size,
    ).toBe(1);
    const [a, b] = [seen(graph, 'a'), seen(graph, 'b')];
    expect(report.tensors.find(({ name }) => name === 'y')).toMatchObject({
      sharedWith: 'a',
      min: Math.min(a.min, b.min),
      max: Math.max(a.max, b.max),
    });
    expect(runner.log.opened).toEqual([['a', 'b']]);
    const values = evaluate(model, calibration[0] as Record<string, Tensor>);
    const codes = new Set(values.get('c_quantized')?.data as Uint8Array);
    expect(
      Array.from(values.get('y_quantized')?.data as Uint8Array).filter((code) => !codes.has(code)),
    ).toEqual([]);
  });
});
