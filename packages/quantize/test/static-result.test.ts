import { codeRange, type Tensor } from '@halftone/core';
import { makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { batches, f32, graphOf, named, numbers, residualNet, value } from './support/graphs.ts';
import { calibration, error, kernel1, quantize, snapshot } from './support/static.ts';

describe('static quantization: result', () => {
  test('stays close to the float model', async () => {
    const graph = residualNet();
    const { model } = await quantize(graph);
    expect(error(graph, model, batches('x', [2, 2, 4, 4], 4, 900), 'y')).toBeLessThan(0.04);
  });

  test('is the same for the same input, and leaves its input alone', async () => {
    const graph = residualNet();
    const before = snapshot(graph);
    const [one, two] = [await quantize(graph), await quantize(graph)];
    expect(snapshot(one.model)).toEqual(snapshot(two.model));
    expect(one.report).toEqual(two.report);
    expect(snapshot(graph)).toEqual(before);
  });

  test('does not depend on how samples are cut into batches', async () => {
    const single = calibration.flatMap(({ x }) =>
      [0, 1].map((i) => ({
        x: f32([1, 2, 4, 4], Array.from((x as Tensor<'float32'>).data.subarray(i * 32, i * 32 + 32))),
      })),
    );
    const one = await quantize(residualNet());
    const two = await quantize(residualNet(), { calibration: [...single].reverse() });
    expect(snapshot(two.model)).toEqual(snapshot(one.model));
  });

  test('the report is JSON, with what the user must know', async () => {
    const { report } = await quantize(residualNet());
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({
      schemaVersion: 1,
      format: 'qdq',
      calibration: { batches: 8, samples: 16 },
      weights: { dtype: 'int8', scheme: 'symmetric', granularity: 'per-channel', reduceRange: false },
      activations: { dtype: 'uint8', scheme: 'asymmetric' },
      warnings: [],
    });
    expect(report.nodes.find((node) => node.name === 'relu1')).toMatchObject({
      quantized: true,
      fusedInto: 'c1',
    });
    for (const { sqnrDb } of report.weightTensors) expect(sqnrDb).toBeGreaterThan(35);
    const few = await quantize(residualNet(), { calibration: calibration.slice(0, 1) });
    expect(few.report.warnings.map(({ code }) => code)).toEqual(['few-samples']);
  });

  test('warns of NaN, of silent values and of exclusions that folding swallowed', async () => {
    const norm = makeNode('BatchNormalization', ['c', 'one', 'zero', 'zero', 'one'], ['n'], {}, named('bn'));
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['y'],
      nodes: [
        makeNode('Conv', ['x', 'w'], ['c'], kernel1, named('conv')),
        norm,
        makeNode('Relu', ['n'], ['y']),
      ],
      constants: { w: f32([2, 2, 1, 1], [-1, -1, -1, -1]), one: f32([2], [1, 1]), zero: f32([2], [0, 0]) },
    });
    const positive = calibration.map(({ x }) => ({
      x: f32([2, 2, 4, 4], Array.from((x as Tensor<'float32'>).data, Math.abs)),
    }));
    positive.forEach(({ x }) => (x.data[0] = NaN));
    const { report } = await quantize(graph, { calibration: positive, exclude: ['bn'] });
    expect(report.warnings.map(({ code, subject }) => [code, subject])).toEqual(
      expect.arrayContaining([
        ['nan-skipped', 'x'],
        ['exclude-folded', 'bn'],
      ]),
    );
    expect(report.nodes.map((node) => node.op)).toEqual(['Conv', 'Relu']);
  });

  test.each([
    ['uint8', 'asymmetric'],
    ['int8', 'asymmetric'],
    ['int8', 'symmetric'],
  ] as const)('qoperator with %s %s activations is made of integer operators', async (dtype, scheme) => {
    const { model, report } = await quantize(residualNet(), {
      format: 'qoperator',
      activations: { dtype, scheme },
    });
    const ops = model.nodes.map((node) => node.op);
    expect(ops.filter((op) => op === 'QLinearConv')).toHaveLength(2);
    expect(ops).toEqual(expect.arrayContaining(['QLinearAdd', 'QGemm']));
    expect(ops.filter((op) => ['Conv', 'Add', 'Gemm'].includes(op))).toEqual([]);
    expect(report.format).toBe('qoperator');
    expect(
      numbers(model, model.nodes.find((node) => node.op === 'QuantizeLinear')?.inputs[2])[0],
    ).toBeGreaterThanOrEqual(codeRange(dtype)[0]);
  });

  // ONNX Runtime has no kernel for this pair: a file of such operators would not load.
  test('qoperator keeps products of int8 activations and uint8 weights between Q and DQ', async () => {
    const { model } = await quantize(residualNet(), {
      format: 'qoperator',
      activations: { dtype: 'int8' },
      weights: { dtype: 'uint8', granularity: 'per-tensor' },
    });
    const ops = model.nodes.map((node) => node.op);
    expect(ops).toContain('Conv');
    expect(ops).not.toContain('QLinearConv');
  });
});
