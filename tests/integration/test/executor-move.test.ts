import { isHalftoneError, type Tensor, tensor } from '@halftone/core';
import { GraphSession } from '@halftone/graph';
import { describe, expect, test } from 'vitest';
import { backend, expectOrt, type Feeds, Model, Random, runOurs } from './executor-support.ts';

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

const i64 = (...values: number[]): Tensor => tensor('int64', values.map(BigInt), [values.length]);

/** Every operator is run on its own, and behind a convolution, whose result lies with the channels last. */
async function check(
  op: string,
  shape: readonly number[],
  operands: readonly (Tensor | undefined)[],
  attributes: Attributes = {},
  { dtype = 'float32' as 'float32' | 'uint8', outputs = 1, opset = 18 } = {},
): Promise<void> {
  const random = new Random(5);
  const x = dtype === 'float32' ? random.floats(shape) : random.codes(dtype, shape);
  for (const behindConv of dtype === 'float32' && shape.length === 4 ? [false, true] : [false]) {
    const model = new Model(opset);
    let name = model.input('x', dtype, shape);
    if (behindConv)
      name = model.node('Conv', [name, model.constant(random.floats([shape[1]!, shape[1]!, 1, 1]))]);
    const inputs = [name, ...operands.map((operand) => (operand ? model.constant(operand) : ''))];
    model.output(...model.nodes(op, inputs, attributes, outputs));
    await expectOrt(model, { x });
  }
}

describe('Slice', () => {
  test.each<[string, readonly (Tensor | undefined)[]]>([
    ['first axes', [i64(0, 1), i64(1, 3)]],
    ['named axes, negative too', [i64(1, -3), i64(4, -1), i64(2, -1)]],
    ['steps', [i64(0, 4), i64(100, -100), i64(2, 3), i64(2, -1)]],
    ['backwards by 2 to the very start', [i64(-1), i64(-(2 ** 63)), i64(3), i64(-2)]],
    ['a start before the first element, backwards', [i64(-100), i64(-200), i64(3), i64(-1)]],
    ['nothing', [i64(3), i64(2), i64(2)]],
    ['past the end', [i64(1), i64(2 ** 62), i64(1)]],
  ])('%s', (_, operands) => check('Slice', [2, 3, 5, 4], operands));
});

describe('Split', () => {
  test.each<[string, readonly Tensor[], Attributes, number, number]>([
    ['equal parts', [], { axis: 1 }, 2, 13],
    ['parts of given sizes', [i64(1, 0, 3)], { axis: -3 }, 3, 13],
    ['parts of which the last is smaller', [], { axis: 2, num_outputs: 3 }, 3, 18],
  ])('%s', (_, operands, attributes, outputs, opset) =>
    check('Split', [2, 4, 5, 3], operands, attributes, { outputs, opset }),
  );
});

describe('Pad', () => {
  const value = tensor('float32', [-7], []);
  test.each<[string, readonly (Tensor | undefined)[], Attributes]>([
    ['by 0', [i64(0, 1, 2, 0, 1, 0, 0, 3)], {}],
    ['by a value', [i64(0, 1, 2, 0, 1, 0, 0, 3), value], {}],
    ['reflected', [i64(0, 1, 2, 2, 0, 0, 3, 1)], { mode: 'reflect' }],
    ['by the edge', [i64(0, 0, 7, 2, 0, 1, 3, 9)], { mode: 'edge' }],
    ['cropped on one side', [i64(0, 0, -2, 1, 0, 1, 1, -1), value], {}],
    ['named axes', [i64(2, 0, 0, 1), value, i64(3, -3)], {}],
  ])('%s', (_, operands, attributes) => check('Pad', [2, 3, 5, 4], operands, attributes));

  test('wraps around, also more than once', () =>
    check('Pad', [2, 3], [i64(0, 3, 0, 7)], { mode: 'wrap' }, { opset: 19 }));

  test('takes codes', () =>
    check('Pad', [1, 2, 3], [i64(0, 0, 1, 0, 0, 2), tensor('uint8', [9], [])], {}, { dtype: 'uint8' }));
});

describe('Gather', () => {
  test.each<[string, Tensor, Attributes]>([
    ['a list', tensor('int64', [2n, -1n, 0n]), { axis: 2 }],
    ['one element', tensor('int32', [1], []), { axis: 1 }],
    ['a table of indices', tensor('int64', [0n, 1n, 1n, 0n], [2, 2]), {}],
    ['nothing', tensor('int64', [], [0]), { axis: -1 }],
  ])('of %s', (_, indices, attributes) => check('Gather', [2, 3, 5, 4], [indices], attributes));

  test('by indices of the run; one outside is an error', async () => {
    const model = new Model();
    const indices = model.input('i', 'int64', [3]);
    model.output(model.node('Gather', [model.input('x', 'float32', [4, 2]), indices], { axis: 0 }));
    const x = new Random(1).floats([4, 2]);
    await expectOrt(model, { x, i: i64(3, -4, 1) });
    const outside = await runOurs(model.graph(), { x, i: i64(3, 4, 1) }).catch((error: unknown) => error);
    expect(isHalftoneError(outside, 'HT_INVALID_ARGUMENT')).toBe(true);
  });
});

describe('Expand and Tile', () => {
  test('repeat', async () => {
    await check('Expand', [3, 1, 2], [i64(2, 1, 4, 1)]);
    await check('Expand', [3, 1], [i64(1)]);
    await check('Tile', [2, 3, 1], [i64(2, 1, 3)]);
    await check('Tile', [2, 3], [i64(1, 0)]);
    await check('Tile', [2], [i64(3)], {}, { dtype: 'uint8' });
  });
});

test('Squeeze: an empty list of axes is none', async () => {
  const model = new Model();
  const x = model.input('x', 'float32', [1, 3, 1]);
  model.output(model.node('Squeeze', [x, model.constant(i64())]), model.node('Squeeze', [x]));
  await expectOrt(model, { x: new Random(1).floats([1, 3, 1]) });
});

describe('shapes', () => {
  /** Reshape to a shape that the model works out of its own input, as exporters write it. */
  test('that a model works out of its input', async () => {
    const model = new Model();
    const x = model.input('x', 'float32', ['N', 3, 4]);
    const shape = model.node('Shape', [x]);
    const batch = model.node('Slice', [shape, model.ints([0]), model.ints([1])]);
    const flat = model.node('Concat', [batch, model.ints([-1])], { axis: 0 });
    model.output(model.node('Reshape', [x, flat]), shape);
    for (const n of [1, 5]) await expectOrt(model, { x: new Random(n).floats([n, 3, 4]) });
  });

  test('filled with one value, counted up, and sized', async () => {
    const model = new Model();
    const x = model.input('x', 'float32', ['N', 3]);
    const shape = model.node('Shape', [x]);
    const ones = model.node('ConstantOfShape', [shape]);
    const range = model.node('Range', [
      model.constant(tensor('float32', [1], [])),
      model.constant(tensor('float32', [2.1], [])),
      model.constant(tensor('float32', [0.25], [])),
    ]);
    model.output(model.node('Add', [x, ones]), range, model.node('Size', [x]));
    await expectOrt(model, { x: new Random(3).floats([4, 3]) });
  });
});

describe('inputs that decide shapes', () => {
  const model = (): Model => {
    const made = new Model();
    const x = made.input('x', 'float32', ['N', 6]);
    made.output(made.node('Reshape', [x, made.input('to', 'int64', [2])]));
    return made;
  };
  const feeds = (...to: number[]): Feeds => ({ x: new Random(2).floats([2, 6]), to: i64(...to) });

  test('are read at every run', async () => {
    for (const to of [
      [3, 4],
      [-1, 2],
      [12, 1],
      [3, 4],
    ])
      await expectOrt(model(), feeds(...to));
  });

  test('are kept apart from later changes of the array', async () => {
    const session = new GraphSession(model().graph(), { backends: [backend] });
    const first = feeds(3, 4);
    expect((await session.run(first))['v0']!.shape).toEqual([3, 4]);
    (first['to']!.data as BigInt64Array).set([4n, 3n]);
    expect((await session.run(first))['v0']!.shape).toEqual([4, 3]);
    expect((await session.run(feeds(3, 4)))['v0']!.shape).toEqual([3, 4]);
    expect(session.explain()).toEqual([]);
    await session.dispose();
  });

  test.each<[string, Tensor, string]>([
    ['that do not fit', i64(5, 5), 'HT_SHAPE_MISMATCH'],
    ['of another length than the model states', i64(12), 'HT_SHAPE_MISMATCH'],
    ['of another type', tensor('int32', [3, 4]), 'HT_DTYPE_MISMATCH'],
  ])('%s are refused', async (_, to, code) => {
    const failed = await runOurs(model().graph(), { ...feeds(3, 4), to }).catch((error: unknown) => error);
    expect(isHalftoneError(failed) && failed.code).toBe(code);
  });

  test('are small', async () => {
    const made = new Model();
    const x = made.input('x', 'float32', [1]);
    made.output(
      made.node('Expand', [
        x,
        made.node('Slice', [made.input('to', 'int64', [2000]), made.ints([0]), made.ints([1])]),
      ]),
    );
    const to = tensor('int64', new BigInt64Array(2000).fill(2n));
    const failed = await runOurs(made.graph(), { x: tensor('float32', [1]), to }).catch(
      (error: unknown) => error,
    );
    expect(isHalftoneError(failed, 'HT_UNSUPPORTED')).toBe(true);
  });

  test('have to be given before anything is planned', async () => {
    const session = new GraphSession(model().graph(), { backends: [backend] });
    expect(() => session.explain()).toThrow(expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' }));
    expect(() => session.exact).toThrow(expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' }));
    await session.dispose();
  });
});
