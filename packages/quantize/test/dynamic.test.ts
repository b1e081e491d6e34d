import { type Tensor } from '@halftone/core';
import { attribute, type Graph, makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { quantizeDynamic } from '../src/index.ts';
import {
  batches,
  f32,
  graphOf,
  named,
  nodesOf,
  numbers,
  producerOf,
  residualNet,
  value,
} from './support/graphs.ts';
import { evaluate } from './support/interpreter.ts';

/** Two products that read one value, and a third with a transposed matrix. */
const net = graphOf({
  inputs: [value('x', ['N', 4])],
  outputs: ['y', 'z'],
  nodes: [
    makeNode('MatMul', ['x', 'a'], ['m'], {}, named('a')),
    makeNode('Relu', ['m'], ['r']),
    makeNode(
      'Gemm',
      ['r', 'b', 'c'],
      ['y'],
      { transB: attribute.int(1), alpha: attribute.float(0.5) },
      named('b'),
    ),
    makeNode('MatMul', ['x', 'd'], ['z'], {}, named('d')),
  ],
  constants: { a: f32([4, 6], 1), b: f32([3, 6], 2), c: f32([3], 3), d: f32([4, 2], 4) },
});

function error(graph: Graph, model: Graph, feeds: Record<string, Tensor>, output: string): number {
  const [exact, got] = [graph, model].map((g) => evaluate(g, feeds).get(output)?.data as Float32Array) as [
    Float32Array,
    Float32Array,
  ];
  const largest = Math.max(...exact.map(Math.abs));
  return Math.max(...exact.map((v, i) => Math.abs(v - (got[i] as number)))) / largest;
}

describe('quantizeDynamic', () => {
  test.each([
    ['int8', 'per-channel'],
    ['int8', 'per-tensor'],
    ['uint8', 'per-channel'],
    ['uint8', 'per-tensor'],
  ] as const)('%s weights %s: products in integers, close to float', (dtype, granularity) => {
    const { model } = quantizeDynamic(net, { weights: { dtype, granularity } });
    expect(nodesOf(model, 'MatMulInteger')).toHaveLength(3);
    expect(nodesOf(model, 'MatMul').length + nodesOf(model, 'Gemm').length).toBe(0);
    for (const node of nodesOf(model, 'MatMulInteger')) {
      expect(model.constants.get(node.inputs[1] ?? '')?.elementType).toBe(dtype);
      expect(model.constants.get(node.inputs[3] ?? '')?.shape).toEqual([]);
    }
    const [feeds] = batches('x', [5, 4], 1) as [Record<string, Tensor>];
    expect(error(net, model, feeds, 'y')).toBeLessThan(0.02);
    expect(error(net, model, feeds, 'z')).toBeLessThan(0.02);
  });

  test('measures a value once for all that read it', () => {
    const { model } = quantizeDynamic(net);
    expect(
      nodesOf(model, 'DynamicQuantizeLinear')
        .map((node) => node.inputs[0])
        .sort(),
    ).toEqual(['r', 'x']);
  });

  test('convolutions keep their window, scales and bias run along the channels', () => {
    const graph = residualNet();
    const { model, report } = quantizeDynamic(graph);
    const [conv1, conv2] = nodesOf(model, 'ConvInteger');
    expect(conv2?.attributes).toEqual(graph.nodes[2]?.attributes);
    expect(numbers(model, conv1?.inputs[3])).toEqual([0]);
    expect(model.constants.get('w1_scale')?.shape).toEqual([1, 4, 1, 1]);
    const [feeds] = batches('x', [2, 2, 4, 4], 1) as [Record<string, Tensor>];
    expect(error(graph, model, feeds, 'y')).toBeLessThan(0.03);
    expect(report).toMatchObject({
      schemaVersion: 1,
      method: null,
      format: 'dynamic',
      calibration: null,
      counts: { nodes: 8, quantized: 3, float: 5 },
    });
    expect(producerOf(model, 'y')?.op).toBe('Add');
  });

  test('excludes by name and by type, and refuses what leaves nothing', () => {
    const { model } = quantizeDynamic(net, { exclude: ['b'] });
    expect([nodesOf(model, 'MatMulInteger').length, nodesOf(model, 'Gemm').length]).toEqual([2, 1]);
    expect(() => quantizeDynamic(net, { exclude: ['MatMul', 'Gemm'] })).toThrow(
      expect.objectContaining({ code: 'HT_UNSUPPORTED' }),
    );
    expect(() => quantizeDynamic(net, { exclude: ['Matmul'] })).toThrow(
      expect.objectContaining({
        code: 'HT_INVALID_ARGUMENT',
        details: expect.objectContaining({ suggestions: ['MatMul'] }),
      }),
    );
  });

  test('leaves products without constant weights, and transposed activations', () => {
    const graph = graphOf({
      inputs: [value('x', [4, 4])],
      outputs: ['m', 'g', 'k'],
      nodes: [
        makeNode('MatMul', ['x', 'x'], ['m'], {}, named('m')),
        makeNode('Gemm', ['x', 'a'], ['g'], { transA: attribute.int(1) }, named('g')),
        makeNode('MatMul', ['x', 'a'], ['k'], {}, named('k')),
      ],
      constants: { a: f32([4, 4], 1) },
    });
    const { report } = quantizeDynamic(graph);
    expect(report.nodes.map((node) => node.reason?.code)).toEqual([
      'weights-not-constant',
      'unsupported-form',
      undefined,
    ]);
  });

  test('is the same for the same input', () => {
    expect(quantizeDynamic(net).report).toEqual(quantizeDynamic(net).report);
  });
});
