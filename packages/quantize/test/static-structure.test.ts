import { quantizeTensor, type Tensor } from '@halftone/core';
import { attribute, type Graph, makeNode, type Node } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { quantizeStatic } from '../src/index.ts';
import {
  batches,
  f32,
  graphOf,
  i64,
  named,
  nodeOf,
  nodesOf,
  numbers,
  producerOf,
  residualNet,
  value,
} from './support/graphs.ts';
import { evaluate, interpreter } from './support/interpreter.ts';
import { calibration, kernel1, qdqOf, quantize } from './support/static.ts';

describe('static quantization: structure', () => {
  test('one Q/DQ pair for each activation, read by all; clamps that the codes imply are gone', async () => {
    const { model, report } = await quantize(residualNet());
    expect(
      nodesOf(model, 'QuantizeLinear')
        .map((node) => node.outputs[0])
        .sort(),
    ).toEqual(['c2', 'f', 'g', 'r1', 'r2', 'x', 'y'].map((name) => `${name}_quantized`));
    expect(nodesOf(model, 'Relu')).toEqual([]);
    expect(nodeOf(model, 'conv1').outputs).toEqual(qdqOf(model, 'r1').q.inputs.slice(0, 1));
    const r1 = qdqOf(model, 'r1').dq.outputs[0] as string;
    expect(nodeOf(model, 'conv2').inputs[0]).toBe(r1);
    expect(nodeOf(model, 'add').inputs).toEqual([qdqOf(model, 'c2').dq.outputs[0], r1]);
    expect(report.counts).toEqual({ nodes: 8, quantized: 8, float: 0 });
  });

  test('inputs and outputs keep name and type; what stands between them is a valid graph', async () => {
    const graph = residualNet();
    const { model } = await quantize(graph);
    expect(model.inputs).toEqual(graph.inputs);
    expect(model.outputs).toEqual(graph.outputs);
    expect(producerOf(model, 'y')?.op).toBe('DequantizeLinear');
    expect(evaluate(model, calibration[0] as Record<string, Tensor>).get('y')).toMatchObject({
      dtype: 'float32',
      shape: [2, 3],
    });
  });

  test('weights and biases are integers with DequantizeLinear alone, with the axis of their operator', async () => {
    const { model } = await quantize(residualNet());
    for (const [name, axis, channels] of [
      ['conv1', 0, 4],
      ['conv2', 0, 4],
      ['gemm', 0, 3],
    ] as const) {
      const [, weights, bias] = nodeOf(model, name).inputs.map((input) => producerOf(model, input));
      expect(weights).toMatchObject({ op: 'DequantizeLinear', attributes: { axis: { value: axis } } });
      expect(model.constants.get(weights?.inputs[0] ?? '')?.elementType).toBe('int8');
      expect(model.constants.get(weights?.inputs[1] ?? '')?.shape).toEqual([channels]);
      expect(model.constants.get(weights?.inputs[2] ?? '')).toMatchObject({
        elementType: 'int8',
        shape: [channels],
      });
      expect(bias).toMatchObject({ op: 'DequantizeLinear', attributes: { axis: { value: 0 } } });
      expect(bias?.inputs).toHaveLength(2);
      expect(model.constants.get(bias?.inputs[0] ?? '')).toMatchObject({
        elementType: 'int32',
        shape: [channels],
      });
    }
    expect(
      [...model.constants.keys()].filter((name) => ['w1', 'w2', 'w3', 'b1', 'b2', 'b3'].includes(name)),
    ).toEqual([]);
  });

  test('Gemm without transB and MatMul have their channels last', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 3])],
      outputs: ['y'],
      nodes: [
        makeNode('Gemm', ['x', 'a'], ['h'], {}, named('gemm')),
        makeNode('MatMul', ['h', 'b'], ['y'], {}, named('matmul')),
      ],
      constants: { a: f32([3, 4], 1), b: f32([4, 2], 2) },
    });
    const { model, report } = await quantize(graph, { calibration: batches('x', [4, 3], 8) });
    expect(report.weightTensors.map(({ name, axis }) => [name, axis])).toEqual([
      ['a', 1],
      ['b', 1],
    ]);
    expect(nodeOf(model, 'matmul').inputs.map((name) => producerOf(model, name)?.attributes['axis'])).toEqual(
      [undefined, attribute.int(1)],
    );
  });

  test('per tensor there is one scale and no axis', async () => {
    const { model, report } = await quantize(residualNet(), { weights: { granularity: 'per-tensor' } });
    const weights = producerOf(model, nodeOf(model, 'conv1').inputs[1] as string);
    expect(weights?.attributes).toEqual({});
    expect(model.constants.get(weights?.inputs[1] ?? '')?.shape).toEqual([]);
    expect(report.weightTensors.every(({ axis, scale }) => axis === null && scale.length === 1)).toBe(true);
  });

  test('a float operator reads a rounded value where a quantized one made it, else the value itself', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['y', 's'],
      nodes: [
        makeNode('Conv', ['x', 'w'], ['c'], kernel1, named('conv')),
        makeNode('Sqrt', ['x'], ['s']),
        makeNode('Sqrt', ['c'], ['y']),
      ],
      constants: { w: f32([2, 2, 1, 1], 1) },
    });
    const { model } = await quantize(graph);
    expect(producerOf(model, 's')?.inputs).toEqual(['x']);
    expect(producerOf(model, 'y')?.inputs).toEqual([qdqOf(model, 'c').dq.outputs[0]]);
  });

  test('an operator that is not understood keeps the names that its subgraph reads', async () => {
    const loop: Node = {
      ...makeNode('Loop', ['n'], ['s'], {}, named('loop')),
      opaque: true,
      captures: ['c'],
      origin: 'bytes',
    };
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4]), value('n', [], 'int64')],
      outputs: ['s'],
      nodes: [makeNode('Conv', ['x', 'w'], ['c'], kernel1, named('conv')), loop],
      constants: { w: f32([2, 2, 1, 1], 1) },
    });
    const runner = interpreter();
    const data = batches('x', [1, 2, 4, 4], 2).map((feeds) => ({ ...feeds, n: i64([1]) }));
    const without = { ...graph, nodes: graph.nodes.slice(0, 1) };
    const open = (_: Graph, outputs: readonly string[]) => runner.open(without, outputs);
    const { model } = await quantizeStatic(
      { ...graph, inputs: [graph.inputs[0] as never, value('n', [1], 'int64')] },
      { calibration: data, runner: { open } },
    );
    expect(producerOf(model, 'c')?.op).toBe('DequantizeLinear');
    expect(model.nodes.find((node) => node.name === 'loop')).toBe(loop);
  });

  test('constants beside activations get codes with the parameters of their own range', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['y'],
      nodes: [
        makeNode('Conv', ['x', 'w'], ['c'], kernel1),
        makeNode('Add', ['c', 'k'], ['y'], {}, named('add')),
      ],
      // Differs within a channel, so that it is no bias.
      constants: { w: f32([2, 2, 1, 1], 1), k: f32([1, 2, 4, 4], 9) },
    });
    const { model } = await quantize(graph);
    const [, k] = nodeOf(model, 'add').inputs.map((name) => producerOf(model, name));
    const expected = quantizeTensor(f32([1, 2, 4, 4], 9), { dtype: 'uint8', scheme: 'asymmetric' });
    expect(numbers(model, k?.inputs[0])).toEqual(Array.from(expected.codes.data));
    expect(numbers(model, k?.inputs[1])).toEqual(Array.from(expected.scale));
  });

  test('a clamp that the codes do not imply stays between operator and QuantizeLinear', async () => {
    const options = { activations: { dtype: 'int8', scheme: 'symmetric' } } as const;
    const { model } = await quantize(residualNet(), options);
    expect(producerOf(model, nodeOf(model, 'relu1').inputs[0] as string)?.name).toBe('conv1');
    expect(qdqOf(model, 'r1').q.inputs[0]).toBe(nodeOf(model, 'relu1').outputs[0]);
  });

  test('lifts the opset to the first that has scales along an axis', async () => {
    expect((await quantize({ ...residualNet(), opset: 11 })).model.opset).toBe(13);
    expect((await quantize({ ...residualNet(), opset: 17 })).model.opset).toBe(17);
  });

  test('new names give way to those of the model', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['x_scale', 'w_quantized'],
      nodes: [
        makeNode('Conv', ['x', 'w'], ['x_scale'], kernel1, named('a')),
        makeNode('Conv', ['x', 'w'], ['w_quantized'], kernel1, named('b')),
      ],
      constants: { w: f32([2, 2, 1, 1], 1) },
    });
    const { model } = await quantize(graph);
    const names = [
      ...model.inputs.map((input) => input.name),
      ...model.constants.keys(),
      ...model.nodes.flatMap((node) => node.outputs),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(producerOf(model, 'x_scale')?.op).toBe('DequantizeLinear');
    // Both nodes read one set of codes.
    expect(nodeOf(model, 'a').inputs[1]).toBe(nodeOf(model, 'b').inputs[1]);
  });
});
