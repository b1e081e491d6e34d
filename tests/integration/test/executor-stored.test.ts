// Constants of types that are stored and not computed on, and scales for each block.
import { codeRange, heldAs, isHalftoneError, quantizeTensor, tensor } from '@halftone/core';
import { attribute, constantOf, formattedConstant, type Graph, makeNode } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOurs } from './executor-support.ts';

describe.each(['int4', 'uint4', 'int8', 'uint8', 'int16'] as const)('%s weights', (dtype) => {
  const narrow = dtype === 'int4' || dtype === 'uint4';
  const add = (model: Model, value: Parameters<Model['constant']>[0]): string =>
    narrow ? model.stored(dtype, value) : model.constant(value);

  test.each([
    [0, 16],
    [0, 5],
    [1, 4],
    [-1, 3],
  ])('blocks along axis %i of %i: the product is that of ONNX Runtime', async (axis, block) => {
    const model = new Model(21);
    const x = model.input('x', 'float32', ['N', 32]);
    const q = quantizeTensor(new Random(block).floats([32, 7]), {
      dtype,
      scheme: 'asymmetric',
      granularity: { axis, block },
    });
    const at = axis < 0 ? axis + 2 : axis;
    const shape = [32, 7].with(at, Math.ceil([32, 7][at]! / block));
    const zeros = tensor(heldAs(dtype), [...q.zeroPoint!], shape);
    const scale = model.constant(tensor('float32', q.scale, shape));
    const attributes = { axis, block_size: block };
    const w = model.node('DequantizeLinear', [add(model, q.codes), scale, add(model, zeros)], attributes);
    model.output(model.node('MatMul', [x, w]));
    await expectOrt(model, { x: new Random(2).floats([3, 32]) });
  });

  test('per axis and per tensor, also moved', async () => {
    const model = new Model(21);
    const x = model.input('x', 'float32', [2, 6]);
    const [lo, hi] = codeRange(dtype);
    const data = Array.from({ length: 24 }, (_, i) => Math.max(lo, Math.min(hi, ((i * 7) % 19) - 8)));
    const codes = add(model, tensor(heldAs(dtype), data, [6, 4]));
    const scales = model.constant(tensor('float32', [0.5, 0.25, 1, 2]));
    const perAxis = model.node('DequantizeLinear', [codes, scales], { axis: 1 });
    const perTensor = model.node('DequantizeLinear', [codes, model.float(0.125)]);
    model.output(model.node('MatMul', [x, perAxis]), model.node('MatMul', [x, perTensor]));
    const feeds = { x: new Random(3).floats([2, 6]) };
    const [expected] = Object.values(await expectOrt(model, feeds));

    // ONNX Runtime moves no 4-bit codes: what is moved must only agree with what is not.
    const moving = new Model(21);
    moving.input('x', 'float32', [2, 6]);
    const rows = tensor(
      heldAs(dtype),
      Array.from({ length: 24 }, (_, i) => data[(i % 6) * 4 + Math.floor(i / 6)]!),
    );
    const flat = narrow ? moving.stored(dtype, rows) : moving.constant(rows);
    const turned = moving.node('Transpose', [moving.node('Reshape', [flat, moving.ints([4, 6])])], {
      perm: [1, 0],
    });
    const w = moving.node(
      'DequantizeLinear',
      [turned, moving.constant(tensor('float32', [0.5, 0.25, 1, 2]))],
      { axis: 1 },
    );
    moving.output(moving.node('MatMul', ['x', w]));
    expect(Object.values(await runOurs(moving.graph(), feeds))[0]).toEqual(expected);
  });

  test('activations quantized by blocks come back as in ONNX Runtime', async () => {
    const model = new Model(21);
    const x = model.input('x', 'float32', [2, 5, 3]);
    const random = new Random(4);
    const scale = model.constant(random.floats([2, 3, 3], 0.05, 0.5));
    const zeros = add(model, random.integers(heldAs(dtype), [2, 3, 3], [0, 5]));
    const attributes = { axis: 1, block_size: 2 };
    const codes = model.node('QuantizeLinear', [x, scale, zeros], attributes);
    model.output(model.node('DequantizeLinear', [codes, scale, zeros], attributes));
    await expectOrt(model, { x: random.floats([2, 5, 3], -4, 4) });
  });
});

describe('float constants of other widths', () => {
  test.each(['float16', 'bfloat16', 'float64'] as const)('%s weights behind a Cast', async (elementType) => {
    const model = new Model(13);
    const x = model.input('x', 'float32', [2, 8]);
    const w = model.stored(elementType, new Random(5).floats([8, 4]));
    const cast = model.node('Cast', [w], { to: 1 });
    model.output(model.node('MatMul', [x, cast]));
    await expectOrt(model, { x: new Random(6).floats([2, 8]) });
  });

  test('float16 is not computed on: one error names the node', async () => {
    const graph: Graph = {
      name: '',
      opset: 13,
      domains: new Map(),
      inputs: [{ name: 'x', elementType: 'float32', shape: [2] }],
      outputs: [{ name: 'y', elementType: 'float32', shape: [2] }],
      nodes: [
        makeNode('Cast', ['x'], ['half'], { to: attribute.int(10) }),
        makeNode('Add', ['half', 'c'], ['sum'], {}, { name: 'add' }),
        makeNode('Cast', ['sum'], ['y'], { to: attribute.int(1) }),
      ],
      constants: new Map([['c', formattedConstant('c', 'float16', tensor('float32', [1, 2]))]]),
      values: new Map(),
    };
    const error = await runOurs(graph, { x: tensor('float32', [1, 2]) }).catch((e: unknown) => e);
    expect(error).toSatisfy((e) => isHalftoneError(e, 'HT_UNSUPPORTED'));
    expect((error as { details: { nodes: { op: string }[] } }).details.nodes.map(({ op }) => op)).toContain(
      'Add',
    );
  });
});

test('blocks that do not fit are refused', async () => {
  const graph = (scales: number[], block: number): Graph => ({
    name: '',
    opset: 21,
    domains: new Map(),
    inputs: [{ name: 'x', elementType: 'float32', shape: [4, 6] }],
    outputs: [{ name: 'y', elementType: 'uint8', shape: [4, 6] }],
    nodes: [
      makeNode('QuantizeLinear', ['x', 's'], ['y'], {
        axis: attribute.int(1),
        block_size: attribute.int(block),
      }),
    ],
    constants: new Map([
      ['s', constantOf('s', { ...tensor('float32', new Array(24).fill(1)), shape: scales })],
    ]),
    values: new Map(),
  });
  const x = tensor('float32', new Array(24).fill(1), [4, 6]);
  for (const [scales, block] of [
    [[4, 6], 2],
    [[24], 1],
    [[6, 4], 1],
    [[4, 6], -1],
  ] as const) {
    await expect(runOurs(graph([...scales], block), { x })).rejects.toSatisfy((e) =>
      isHalftoneError(e, 'HT_SHAPE_MISMATCH'),
    );
  }
  expect((await runOurs(graph([4, 6], 1), { x }))['y']!.data).toEqual(new Uint8Array(24).fill(1));
});
