import { isHalftoneError, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { expectOrt, Model, Random, runOurs } from './executor-support.ts';

type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

describe('ConvTranspose', () => {
  async function check(
    x: readonly number[],
    w: readonly number[],
    attributes: Attributes,
    bias = false,
  ): Promise<void> {
    const random = new Random(x.length + w.length);
    const model = new Model(13);
    const groups = Number(attributes['group'] ?? 1);
    const inputs = [model.input('x', 'float32', x), model.constant(random.floats(w))];
    if (bias) inputs.push(model.constant(random.floats([w[1]! * groups])));
    const y = model.node('ConvTranspose', inputs, attributes);
    model.output(y, model.node('Relu', [model.node('ConvTranspose', inputs, attributes)]));
    await expectOrt(model, { x: random.floats(x) });
  }

  test.each<[string, readonly number[], readonly number[], Attributes]>([
    ['plain', [2, 3, 4, 5], [3, 4, 3, 2], {}],
    ['strides and uneven pads', [1, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 3], pads: [1, 0, 2, 1] }],
    [
      'output_padding',
      [1, 2, 3, 3],
      [2, 2, 3, 3],
      { strides: [2, 2], output_padding: [1, 0], pads: [1, 1, 1, 1] },
    ],
    ['dilations', [1, 2, 4, 3], [2, 3, 2, 3], { dilations: [2, 3], strides: [2, 1] }],
    ['groups', [2, 6, 3, 4], [6, 2, 3, 3], { group: 3, strides: [1, 2], pads: [1, 1, 1, 1] }],
    ['depthwise', [1, 4, 3, 3], [4, 1, 2, 2], { group: 4, strides: [2, 2] }],
    ['SAME_UPPER', [1, 2, 4, 5], [2, 2, 3, 4], { auto_pad: 'SAME_UPPER', strides: [2, 3] }],
    ['SAME_LOWER', [1, 2, 4, 5], [2, 2, 3, 4], { auto_pad: 'SAME_LOWER', strides: [2, 3] }],
    ['output_shape', [1, 2, 3, 3], [2, 2, 3, 3], { output_shape: [6, 5], strides: [2, 2] }],
    ['1-D', [2, 3, 7], [3, 2, 4], { strides: [3], pads: [1, 2] }],
  ])('%s', async (_, x, w, attributes) => {
    await check(x, w, attributes);
    await check(x, w, attributes, true);
  });

  test('random geometry', async () => {
    const random = new Random(77);
    for (let i = 0; i < 40; i++) {
      const groups = random.integer(1, 3);
      const [kh, kw] = [random.integer(1, 4), random.integer(1, 4)];
      const attributes = {
        group: groups,
        strides: [random.integer(1, 3), random.integer(1, 3)],
        dilations: [random.integer(1, 2), random.integer(1, 2)],
        pads: [random.integer(0, 1), random.integer(0, 1), random.integer(0, 1), random.integer(0, 1)],
      };
      const x = [
        random.integer(1, 2),
        groups * random.integer(1, 2),
        random.integer(3, 6),
        random.integer(3, 6),
      ];
      await check(x, [x[1]!, random.integer(1, 3), kh, kw], attributes, i % 2 === 0);
    }
  });
});

describe('Resize', () => {
  const image = [1, 2, 5, 7];

  async function check(
    attributes: Attributes,
    scales?: readonly number[],
    sizes?: readonly number[],
    roi?: number[],
  ): Promise<void> {
    const random = new Random(1);
    const model = new Model(18);
    const x = model.input('x', 'float32', image);
    const conv = model.node('Conv', [x, model.constant(random.floats([2, 2, 1, 1]))]);
    for (const value of [x, conv]) {
      const inputs = [value, roi ? model.constant(tensor('float32', roi)) : ''];
      inputs.push(scales ? model.constant(tensor('float32', [...scales])) : '');
      if (sizes) inputs.push(model.ints(sizes));
      model.output(model.node('Resize', inputs, attributes));
    }
    await expectOrt(model, { x: random.floats(image) });
  }

  const modes = ['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel'];
  const factors = [
    [1, 1, 2, 3],
    [1, 1, 0.6, 0.5],
    [1, 1, 1.7, 0.8],
  ];
  test.each(modes)('%s, nearest', async (mode) => {
    for (const nearest of ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'])
      for (const scales of factors)
        await check({ mode: 'nearest', nearest_mode: nearest, coordinate_transformation_mode: mode }, scales);
  });

  test.each(modes)('%s, linear and cubic', async (mode) => {
    for (const scales of factors) {
      await check({ mode: 'linear', coordinate_transformation_mode: mode }, scales);
      await check({ mode: 'cubic', coordinate_transformation_mode: mode }, scales);
      await check({ mode: 'cubic', exclude_outside: 1, coordinate_transformation_mode: mode }, scales);
    }
  });

  test('to sizes, along named axes, keeping the aspect', async () => {
    await check({ mode: 'linear' }, undefined, [1, 2, 9, 4]);
    await check({ mode: 'nearest', axes: [3, 2] }, undefined, [10, 8]);
    await check({ mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }, undefined, [9, 9]);
    await check({ mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_smaller' }, undefined, [9, 9]);
  });

  test('half_pixel_symmetric of cut extents', async () => {
    const random = new Random(2);
    const model = new Model(19);
    const x = model.input('x', 'float32', image);
    const scales = model.constant(tensor('float32', [1, 1, 1.3, 0.7]));
    const attributes = { mode: 'linear', coordinate_transformation_mode: 'half_pixel_symmetric' };
    model.output(model.node('Resize', [x, '', scales], attributes));
    await expectOrt(model, { x: random.floats(image) });
  });

  test('of a cut with a value outside', async () => {
    const attributes = { mode: 'linear', coordinate_transformation_mode: 'tf_crop_and_resize' };
    await check(attributes, undefined, [1, 2, 4, 6], [0, 0, 0.2, 0.1, 1, 1, 0.8, 1.3]);
  });

  test('of codes, and with scales of the run', async () => {
    const model = new Model(18);
    const x = model.input('x', 'uint8', image);
    model.output(model.node('Resize', [x, '', model.input('scales', 'float32', [4])], { mode: 'nearest' }));
    for (const scales of [
      [1, 1, 2, 2],
      [1, 1, 0.5, 3],
    ])
      await expectOrt(model, { x: new Random(3).codes('uint8', image), scales: tensor('float32', scales) });
  });

  test('with antialias is refused', async () => {
    const model = new Model(18);
    const x = model.input('x', 'float32', image);
    const scales = model.constant(tensor('float32', [1, 1, 0.5, 0.5]));
    model.output(model.node('Resize', [x, '', scales], { mode: 'linear', antialias: 1 }));
    const failed = await runOurs(model.graph(), { x: new Random(3).floats(image) }).catch(
      (error: unknown) => error,
    );
    expect(isHalftoneError(failed, 'HT_UNSUPPORTED')).toBe(true);
  });
});

describe('products of batches that broadcast', () => {
  const shapes: readonly (readonly [readonly number[], readonly number[]])[] = [
    [
      [3, 1, 3, 4],
      [1, 2, 4, 2],
    ],
    [
      [2, 3],
      [4, 3, 5],
    ],
    [[3], [2, 3, 4]],
    [
      [2, 1, 2, 3],
      [5, 3, 2],
    ],
    [
      [1, 4, 3],
      [1, 1, 1, 3, 2],
    ],
    [
      [0, 2, 3],
      [1, 3, 2],
    ],
  ];
  test.each(shapes)('%o by %o', async (a, b) => {
    const random = new Random(a.length + 3 * b.length);
    const floats = new Model(13);
    floats.output(floats.node('MatMul', [floats.input('a', 'float32', a), floats.input('b', 'float32', b)]));
    await expectOrt(floats, { a: random.floats(a), b: random.floats(b) });
    const codes = new Model(13);
    const zero = codes.code('uint8', 7);
    const inputs = [codes.input('a', 'uint8', a), codes.input('b', 'int8', b), zero];
    codes.output(codes.node('MatMulInteger', inputs));
    await expectOrt(codes, { a: random.codes('uint8', a), b: random.weights('int8', b) });
  });
});

test('GlobalMaxPool', async () => {
  const random = new Random(5);
  const model = new Model(13);
  const x = model.input('x', 'float32', [2, 3, 4, 5]);
  model.output(model.node('GlobalMaxPool', [x]));
  await expectOrt(model, { x: random.floats([2, 3, 4, 5], -5, -1) });
});
