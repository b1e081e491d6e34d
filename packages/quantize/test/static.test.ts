import { codeRange, isHalftoneError, quantizeTensor, type Tensor } from '@halftone/core';
import { attribute, type Graph, makeNode, type Node } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { type QuantizationReport, quantizeStatic, type StaticOptions } from '../src/index.ts';
import { batches, f32, graphOf, i64, named, nodeOf, nodesOf, numbers, producerOf, residualNet, value } from './support/graphs.ts';
import { evaluate, interpreter } from './support/interpreter.ts';

const calibration = batches('x', [2, 2, 4, 4], 8);
const kernel1 = { kernel_shape: attribute.ints([1, 1]) };

function quantize(graph: Graph, options: Partial<StaticOptions> = {}): Promise<{ model: Graph; report: QuantizationReport }> {
  return quantizeStatic(graph, { calibration, runner: interpreter(), ...options });
}

/** The QuantizeLinear, and the DequantizeLinear, that stand for a value. */
function qdqOf(model: Graph, name: string): { q: Node; dq: Node } {
  const [q, ...others] = nodesOf(model, 'QuantizeLinear').filter((node) => node.outputs[0] === `${name}_quantized`);
  expect(others).toEqual([]);
  const [dq, ...more] = nodesOf(model, 'DequantizeLinear').filter((node) => node.inputs[0] === `${name}_quantized`);
  expect(more).toEqual([]);
  return { q: q as Node, dq: dq as Node };
}

/** Ranges of a value over all calibration data. */
function seen(graph: Graph, name: string): { min: number; max: number } {
  const all = calibration.flatMap((feeds) => Array.from(evaluate(graph, feeds).get(name)?.data as Float32Array));
  return { min: Math.min(...all), max: Math.max(...all) };
}

describe('structure', () => {
  test('one Q/DQ pair for each activation, read by all; clamps that the codes imply are gone', async () => {
    const { model, report } = await quantize(residualNet());
    expect(nodesOf(model, 'QuantizeLinear').map((node) => node.outputs[0]).sort()).toEqual(
      ['c2', 'f', 'g', 'r1', 'r2', 'x', 'y'].map((name) => `${name}_quantized`),
    );
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
    expect(evaluate(model, calibration[0] as Record<string, Tensor>).get('y')).toMatchObject({ dtype: 'float32', shape: [2, 3] });
  });

  test('weights and biases are integers with DequantizeLinear alone, with the axis of their operator', async () => {
    const { model } = await quantize(residualNet());
    for (const [name, axis, channels] of [['conv1', 0, 4], ['conv2', 0, 4], ['gemm', 0, 3]] as const) {
      const [, weights, bias] = nodeOf(model, name).inputs.map((input) => producerOf(model, input));
      expect(weights).toMatchObject({ op: 'DequantizeLinear', attributes: { axis: { value: axis } } });
      expect(model.constants.get(weights?.inputs[0] ?? '')?.elementType).toBe('int8');
      expect(model.constants.get(weights?.inputs[1] ?? '')?.shape).toEqual([channels]);
      expect(model.constants.get(weights?.inputs[2] ?? '')).toMatchObject({ elementType: 'int8', shape: [channels] });
      expect(bias).toMatchObject({ op: 'DequantizeLinear', attributes: { axis: { value: 0 } } });
      expect(bias?.inputs).toHaveLength(2);
      expect(model.constants.get(bias?.inputs[0] ?? '')).toMatchObject({ elementType: 'int32', shape: [channels] });
    }
    expect([...model.constants.keys()].filter((name) => ['w1', 'w2', 'w3', 'b1', 'b2', 'b3'].includes(name))).toEqual([]);
  });

  test('Gemm without transB and MatMul have their channels last', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 3])],
      outputs: ['y'],
      nodes: [makeNode('Gemm', ['x', 'a'], ['h'], {}, named('gemm')), makeNode('MatMul', ['h', 'b'], ['y'], {}, named('matmul'))],
      constants: { a: f32([3, 4], 1), b: f32([4, 2], 2) },
    });
    const { model, report } = await quantize(graph, { calibration: batches('x', [4, 3], 8) });
    expect(report.weightTensors.map(({ name, axis }) => [name, axis])).toEqual([['a', 1], ['b', 1]]);
    expect(nodeOf(model, 'matmul').inputs.map((name) => producerOf(model, name)?.attributes['axis'])).toEqual([undefined, attribute.int(1)]);
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
      nodes: [makeNode('Conv', ['x', 'w'], ['c'], kernel1, named('conv')), makeNode('Sqrt', ['x'], ['s']), makeNode('Sqrt', ['c'], ['y'])],
      constants: { w: f32([2, 2, 1, 1], 1) },
    });
    const { model } = await quantize(graph);
    expect(producerOf(model, 's')?.inputs).toEqual(['x']);
    expect(producerOf(model, 'y')?.inputs).toEqual([qdqOf(model, 'c').dq.outputs[0]]);
  });

  test('an operator that is not understood keeps the names that its subgraph reads', async () => {
    const loop: Node = { ...makeNode('Loop', ['n'], ['s'], {}, named('loop')), opaque: true, captures: ['c'], origin: 'bytes' };
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
    const { model } = await quantizeStatic({ ...graph, inputs: [graph.inputs[0] as never, value('n', [1], 'int64')] }, { calibration: data, runner: { open } });
    expect(producerOf(model, 'c')?.op).toBe('DequantizeLinear');
    expect(model.nodes.find((node) => node.name === 'loop')).toBe(loop);
  });

  test('constants beside activations get codes with the parameters of their own range', async () => {
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['y'],
      nodes: [makeNode('Conv', ['x', 'w'], ['c'], kernel1), makeNode('Add', ['c', 'k'], ['y'], {}, named('add'))],
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
      nodes: [makeNode('Conv', ['x', 'w'], ['x_scale'], kernel1, named('a')), makeNode('Conv', ['x', 'w'], ['w_quantized'], kernel1, named('b'))],
      constants: { w: f32([2, 2, 1, 1], 1) },
    });
    const { model } = await quantize(graph);
    const names = [...model.inputs.map((input) => input.name), ...model.constants.keys(), ...model.nodes.flatMap((node) => node.outputs)];
    expect(new Set(names).size).toBe(names.length);
    expect(producerOf(model, 'x_scale')?.op).toBe('DequantizeLinear');
    // Both nodes read one set of codes.
    expect(nodeOf(model, 'a').inputs[1]).toBe(nodeOf(model, 'b').inputs[1]);
  });
});

describe('parameters', () => {
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
    const expected = quantizeTensor(weights, { dtype: 'int8', scheme: 'symmetric', granularity: 'per-channel' });
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
    const constants = new Map([...graph.constants].map(([name, c]) => {
      const t = name === 'w1' ? w1 : name === 'b1' ? b1 : c.tensor();
      return [name, { ...c, tensor: () => t }] as const;
    }));
    const { model, report } = await quantize({ ...graph, constants });
    expect(report.warnings).toContainEqual(expect.objectContaining({ code: 'bias-overflow-avoided', subject: 'w1' }));
    const [, weights, bias] = nodeOf(model, 'conv1').inputs.map((name) => producerOf(model, name));
    const plain = quantizeTensor(w1, { dtype: 'int8', scheme: 'symmetric', granularity: 'per-channel' });
    const scale = numbers(model, weights?.inputs[1]);
    scale.forEach((s, c) => expect(c === 1 ? s > (plain.scale[c] as number) : s === plain.scale[c]).toBe(true));
    const codes = numbers(model, weights?.inputs[0]).slice(18, 36);
    codes.forEach((code, i) => expect(Math.abs(code - (w1.data[18 + i] as number) / (scale[1] as number))).toBeLessThanOrEqual(0.5));
    const [real, step] = [numbers(model, bias?.inputs[0])[1] as number, numbers(model, bias?.inputs[1])[1] as number];
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
    if (zeroPoint !== undefined) expect(new Set(report.weightTensors.flatMap((w) => w.zeroPoint))).toEqual(new Set([zeroPoint]));
    expect(error(graph, model, calibration, 'y')).toBeLessThan(0.05);
  });

  test('reduceRange leaves a bit of the weights unused, and of nothing else', async () => {
    const { model } = await quantize(residualNet(), { reduceRange: true });
    const weights = producerOf(model, nodeOf(model, 'conv1').inputs[1] as string);
    const codes = numbers(model, weights?.inputs[0]);
    expect([Math.min(...codes) >= -64, Math.max(...codes) <= 64, Math.max(...codes.map(Math.abs))]).toEqual([true, true, 64]);
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
        makeNode('MaxPool', ['c'], ['m'], { kernel_shape: attribute.ints([2, 2]), strides: attribute.ints([2, 2]) }),
        makeNode('Reshape', ['m', 'to'], ['y']),
      ],
      constants: { w: f32([2, 2, 1, 1], 1), v: f32([2, 2, 1, 1], [9, 9, 9, 9]), to: i64([-1, 16]) },
    });
    const runner = interpreter();
    const { model, report } = await quantize(graph, { runner });
    const shared = ['a', 'b', 'c', 'm', 'y'].map((name) => qdqOf(model, name));
    expect(new Set(shared.flatMap(({ q, dq }) => [q.inputs.slice(1).join(), dq.inputs.slice(1).join()])).size).toBe(1);
    const [a, b] = [seen(graph, 'a'), seen(graph, 'b')];
    expect(report.tensors.find(({ name }) => name === 'y')).toMatchObject({
      sharedWith: 'a', min: Math.min(a.min, b.min), max: Math.max(a.max, b.max),
    });
    expect(runner.log.opened).toEqual([['a', 'b']]);
    const values = evaluate(model, calibration[0] as Record<string, Tensor>);
    expect(new Set(values.get('y_quantized')?.data as Uint8Array).isSubsetOf?.(new Set(values.get('c_quantized')?.data as Uint8Array)) ?? true).toBe(true);
  });
});

describe('options', () => {
  test('the method sets the ranges', async () => {
    const outlier = [...calibration, { x: f32([1, 2, 4, 4], Array.from({ length: 32 }, () => 50)) }];
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
    expect(report).toMatchObject({ method: 'custom', tensors: expect.arrayContaining([expect.objectContaining({ name: 'x', scale: Math.fround(4 / 255) })]) });
  });

  test('excluded nodes stay as they are, with their reason in the report', async () => {
    const { model, report } = await quantize(residualNet(), { exclude: ['gemm', 'Add'] });
    expect(producerOf(model, nodeOf(model, 'gemm').inputs[1] as string)).toBeUndefined();
    expect(report.nodes.filter((node) => node.reason?.code === 'excluded').map((node) => node.name)).toEqual(['add', 'gemm']);
    expect(producerOf(model, 'y')?.op).toBe('Gemm');
  });

  test('a node without a name is excluded by its output', async () => {
    const graph = graphOf({ inputs: [value('x', ['N', 3])], outputs: ['y'], nodes: [makeNode('MatMul', ['x', 'a'], ['h']), makeNode('MatMul', ['h', 'a'], ['y'])], constants: { a: f32([3, 3], 1) } });
    const { report } = await quantize(graph, { calibration: batches('x', [1, 3], 2), exclude: ['h'] });
    expect(report.nodes.map((node) => node.quantized)).toEqual([false, true]);
  });

  test.each([
    [{ exclude: ['Gem'] }, 'HT_INVALID_ARGUMENT', { exclude: 'Gem', suggestions: ['gemm', 'Gemm'] }],
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
    await expect(quantize(residualNet(), options as Partial<StaticOptions>)).rejects.toMatchObject({ details });
  });

  test('weights that are no numbers are named', async () => {
    const graph = residualNet();
    const broken = (bad: number) => {
      const w = f32([4, 2, 3, 3], 11);
      w.data[5] = bad;
      return { ...graph, constants: new Map([...graph.constants, ['w1', { ...graph.constants.get('w1')!, tensor: () => w }] as const]) };
    };
    const steady = { method: () => ({ observe: () => undefined, range: () => ({ min: -1, max: 1 }), skipped: 0 }) };
    await expect(quantize(broken(NaN), steady)).rejects.toMatchObject({ code: 'HT_MODEL_INVALID', details: { constant: 'w1' } });
    await expect(quantize(broken(Infinity), steady)).rejects.toMatchObject({ code: 'HT_INVALID_ARGUMENT', details: { constant: 'w1' } });
  });
});

describe('result', () => {
  test('stays close to the float model', async () => {
    const graph = residualNet();
    const { model } = await quantize(graph);
    expect(error(graph, model, batches('x', [2, 2, 4, 4], 4, 900), 'y')).toBeLessThan(0.02);
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
    const single = calibration.flatMap(({ x }) => [0, 1].map((i) => ({ x: f32([1, 2, 4, 4], Array.from((x as Tensor<'float32'>).data.subarray(i * 32, i * 32 + 32))) })));
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
    expect(report.nodes.find((node) => node.name === 'relu1')).toMatchObject({ quantized: true, fusedInto: 'c1' });
    for (const { sqnrDb } of report.weightTensors) expect(sqnrDb).toBeGreaterThan(35);
    const few = await quantize(residualNet(), { calibration: calibration.slice(0, 1) });
    expect(few.report.warnings.map(({ code }) => code)).toEqual(['few-samples']);
  });

  test('warns of NaN, of silent values and of exclusions that folding swallowed', async () => {
    const norm = makeNode('BatchNormalization', ['c', 'one', 'zero', 'zero', 'one'], ['n'], {}, named('bn'));
    const graph = graphOf({
      inputs: [value('x', ['N', 2, 4, 4])],
      outputs: ['y'],
      nodes: [makeNode('Conv', ['x', 'w'], ['c'], kernel1, named('conv')), norm, makeNode('Relu', ['n'], ['y'])],
      constants: { w: f32([2, 2, 1, 1], [-1, -1, -1, -1]), one: f32([2], [1, 1]), zero: f32([2], [0, 0]) },
    });
    const positive = calibration.map(({ x }) => ({ x: f32([2, 2, 4, 4], Array.from((x as Tensor<'float32'>).data, Math.abs)) }));
    (positive[0]?.x as Tensor<'float32'>).data[0] = NaN;
    const { report } = await quantize(graph, { calibration: positive, exclude: ['bn'] });
    expect(report.warnings.map(({ code, subject }) => [code, subject])).toEqual(
      expect.arrayContaining([['nan-skipped', 'x'], ['exclude-folded', 'bn']]),
    );
    expect(report.nodes.map((node) => node.op)).toEqual(['Conv', 'Relu']);
  });

  test.each([['uint8', 'asymmetric'], ['int8', 'asymmetric'], ['int8', 'symmetric']] as const)(
    'qoperator with %s %s activations is made of integer operators',
    async (dtype, scheme) => {
      const { model, report } = await quantize(residualNet(), { format: 'qoperator', activations: { dtype, scheme } });
      const ops = model.nodes.map((node) => node.op);
      expect(ops.filter((op) => op === 'QLinearConv')).toHaveLength(2);
      expect(ops).toEqual(expect.arrayContaining(['QLinearAdd', 'QGemm']));
      expect(ops.filter((op) => ['Conv', 'Add', 'Gemm'].includes(op))).toEqual([]);
      expect(report.format).toBe('qoperator');
      expect(numbers(model, model.nodes.find((node) => node.op === 'QuantizeLinear')?.inputs[2])[0]).toBeGreaterThanOrEqual(codeRange(dtype)[0]);
    },
  );
});

/** Largest difference between two models, as a share of the float model's largest output. */
function error(graph: Graph, model: Graph, data: readonly Record<string, Tensor>[], output: string): number {
  let [worst, largest] = [0, 0];
  for (const feeds of data) {
    const [exact, got] = [graph, model].map((g) => evaluate(g, feeds).get(output)?.data as Float32Array) as [Float32Array, Float32Array];
    exact.forEach((v, i) => {
      worst = Math.max(worst, Math.abs(v - (got[i] as number)));
      largest = Math.max(largest, Math.abs(v));
    });
  }
  return worst / largest;
}

/** Everything of a graph that a file would hold. */
function snapshot(graph: Graph): unknown {
  const constants = [...graph.constants.values()].map((c) => [c.name, c.elementType, c.shape, Array.from(c.tensor().data as ArrayLike<number | bigint>, String)]);
  return { ...graph, constants, values: [...graph.values] };
}
