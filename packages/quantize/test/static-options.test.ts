import { isHalftoneError } from '@halftone/core';
import { makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import type { StaticOptions } from '../src/index.ts';
import { batches, f32, graphOf, nodeOf, producerOf, residualNet, value } from './support/graphs.ts';
import { calibration, quantize } from './support/static.ts';

describe('static quantization: options', () => {
  test('the method sets the ranges', async () => {
    const outlier = [
      ...calibration,
      {
        x: f32(
          [1, 2, 4, 4],
          Array.from({ length: 32 }, () => 50),
        ),
      },
    ];
    const one = await quantize(residualNet(), { calibration: outlier });
    const mean = await quantize(residualNet(), { calibration: outlier, method: 'mean-minmax' });
    const max = ({ report }: typeof one) => report.tensors.find(({ name }) => name === 'x')?.max as number;
    expect(max(one)).toBe(50);
    expect(max(mean)).toBeLessThan(5);
    expect([one.report.method, mean.report.method]).toEqual(['minmax', 'mean-minmax']);
  });

  test('an observer of one own is a method too', async () => {
    const method = () => ({ observe: () => undefined, range: () => ({ min: -1, max: 3 }), skipped: 0 });
    const { report } = await quantize(residualNet(), { method });
    expect(report).toMatchObject({
      method: 'custom',
      tensors: expect.arrayContaining([expect.objectContaining({ name: 'x', scale: Math.fround(4 / 255) })]),
    });
  });

  test('excluded nodes stay as they are, with their reason in the report', async () => {
    const { model, report } = await quantize(residualNet(), { exclude: ['gemm', 'Add'] });
    expect(producerOf(model, nodeOf(model, 'gemm').inputs[1] as string)).toBeUndefined();
    expect(report.nodes.filter((node) => node.reason?.code === 'excluded').map((node) => node.name)).toEqual([
      'add',
      'gemm',
    ]);
    expect(producerOf(model, 'y')?.op).toBe('Gemm');
  });

  test('a node without a name is excluded by its output', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 3])],
      outputs: ['y'],
      nodes: [makeNode('MatMul', ['x', 'a'], ['h']), makeNode('MatMul', ['h', 'a'], ['y'])],
      constants: { a: f32([3, 3], 1) },
    });
    const { report } = await quantize(graph, { calibration: batches('x', [1, 3], 2), exclude: ['h'] });
    expect(report.nodes.map((node) => node.quantized)).toEqual([false, true]);
  });

  test.each([
    [{ exclude: ['Gem'] }, 'HT_INVALID_ARGUMENT', { exclude: 'Gem', suggestions: ['Gemm', 'gemm'] }],
    [{ exclude: ['nothing like it'] }, 'HT_INVALID_ARGUMENT', { suggestions: [] }],
    [{ method: 'median' }, 'HT_INVALID_ARGUMENT', { method: 'median' }],
    [{ format: 'tflite' }, 'HT_INVALID_ARGUMENT', { format: 'tflite' }],
    [{ weights: { dtype: 'int4' } }, 'HT_INVALID_ARGUMENT', { dtype: 'int4' }],
    [{ weights: { granularity: 'per-row' } }, 'HT_INVALID_ARGUMENT', { granularity: 'per-row' }],
    [{ weights: { dtype: 'uint8', scheme: 'asymmetric' } }, 'HT_UNSUPPORTED', { scheme: 'asymmetric' }],
    [{ activations: { dtype: 'int16' } }, 'HT_INVALID_ARGUMENT', { dtype: 'int16' }],
    [{ exclude: ['Conv', 'Gemm'] }, 'HT_UNSUPPORTED', {}],
    [{ calibration: [] }, 'HT_DATA_INVALID', {}],
  ])('%o is an error before anything is written', async (options, code, details) => {
    await expect(quantize(residualNet(), options as Partial<StaticOptions>)).rejects.toSatisfy(
      (error) => isHalftoneError(error) && error.code === code,
    );
    await expect(quantize(residualNet(), options as Partial<StaticOptions>)).rejects.toMatchObject({
      details,
    });
  });

  test('weights that are no numbers are named', async () => {
    const graph = residualNet();
    const broken = (bad: number) => {
      const w = f32([4, 2, 3, 3], 11);
      w.data[5] = bad;
      return {
        ...graph,
        constants: new Map([
          ...graph.constants,
          ['w1', { ...graph.constants.get('w1')!, tensor: () => w }] as const,
        ]),
      };
    };
    const steady = {
      method: () => ({ observe: () => undefined, range: () => ({ min: -1, max: 1 }), skipped: 0 }),
    };
    await expect(quantize(broken(NaN), steady)).rejects.toMatchObject({
      code: 'HT_MODEL_INVALID',
      details: { constant: 'w1' },
    });
    await expect(quantize(broken(Infinity), steady)).rejects.toMatchObject({
      code: 'HT_INVALID_ARGUMENT',
      details: { constant: 'w1' },
    });
  });
});
