import {
  catalogue,
  isExactOp,
  openBackend,
  opNames,
  type QConv2dSpec,
  type QGemmSpec,
  requantizeModes,
  tensor,
} from '@halftone/core';
import { describe, expect, it } from 'vitest';
import reference from '../src/index.ts';
import { operands, random, randomCodes } from './support.ts';

const gemm: QGemmSpec = {
  batch: 1,
  m: 2,
  n: 3,
  k: 4,
  a: 'uint8',
  b: 'int8',
  transposeB: true,
  bZeroPoint: 'per-channel',
  bias: 'none',
  output: { type: 'int32' },
};

describe('the provider', () => {
  it('is available everywhere and offers the whole catalogue', async () => {
    expect(await reference.probe()).toMatchObject({ available: true });
    const backend = await openBackend(reference);
    expect(backend.name).toBe('reference');
    expect(Object.keys(backend.capabilities.numericClass).toSorted()).toEqual([...opNames].toSorted());
    for (const op of opNames)
      expect(backend.capabilities.numericClass[op]).toBe(isExactOp(op) ? 'exact' : 'f32-ieee');
    await backend.dispose();
  });

  it('takes every mode, and core none that it does not know', async () => {
    const backend = await openBackend(reference);
    const spec = { shape: [1], to: 'int8' } as const;
    for (const mode of requantizeModes) expect(backend.supports('requantize', { ...spec, mode })).toBe(true);
    const mode = 'tflite' as 'ort-f32';
    const output = { type: 'codes', dtype: 'int8', mode, multiplier: 'per-tensor' } as const;
    const invalid = expect.objectContaining({ code: 'HT_INVALID_ARGUMENT' });
    expect(() => backend.supports('requantize', { ...spec, mode })).toThrow(invalid);
    expect(() => backend.supports('qgemm', { ...gemm, output })).toThrow(invalid);
    const add = { aShape: [1], bShape: [1], dtype: 'int8', mode: 'ort-arm' as 'ort-x86' } as const;
    expect(() => backend.supports('qadd', add)).toThrow(invalid);
    await backend.dispose();
  });

  it('returns its counters to zero', async () => {
    const backend = await openBackend(reference);
    const next = random(5);
    const inputs = operands('qgemm', gemm, {
      a: randomCodes(next, 'uint8', 8),
      b: randomCodes(next, 'int8', 12),
      aZeroPoint: [3],
      bZeroPoint: [0, 1, 2],
    });
    await backend.call('qgemm', gemm, inputs);
    expect(backend.stats()).toEqual({ liveTensors: 0, liveBytes: 0, packedBytes: 0 });
    const held = backend.upload(tensor('float32', [1, 2, 3]));
    expect(backend.stats()).toMatchObject({ liveTensors: 1, liveBytes: 12 });
    held.dispose();
    expect(backend.stats()).toMatchObject({ liveTensors: 0, liveBytes: 0 });
    await backend.dispose();
  });

  it('takes weights once, and does not see later changes of the host arrays', async () => {
    const backend = await openBackend(reference);
    const next = random(6);
    const inputs = operands('qgemm', gemm, {
      a: randomCodes(next, 'uint8', 8),
      b: randomCodes(next, 'int8', 12),
      aZeroPoint: [200],
      bZeroPoint: [-128, 0, 127],
    });
    const expected = (await backend.call('qgemm', gemm, inputs))['y']!;
    const { b, bZeroPoint, a, aZeroPoint } = inputs as Record<string, NonNullable<(typeof inputs)[string]>>;
    const prepared = backend.prepare('qgemm', gemm, { b: b!, bZeroPoint: bZeroPoint! });
    (b!.data as Int8Array).fill(0);
    (bZeroPoint!.data as Int8Array).fill(0);
    const io = { a: backend.upload(a!), aZeroPoint: backend.upload(aZeroPoint!), y: backend.alloc(expected) };
    for (let repeat = 0; repeat < 2; repeat++) {
      prepared.run(io);
      expect(await backend.read(io.y)).toEqual(expected);
    }
    prepared.dispose();
    for (const held of Object.values(io)) held.dispose();
    expect(backend.stats().liveTensors).toBe(0);
    await backend.dispose();
  });

  it('gives results that share no memory with operands or with earlier results', async () => {
    const backend = await openBackend(reference);
    const x = tensor('float32', [1, 2, 3, 4]);
    const spec = { dtype: 'float32', shape: [2, 2], perm: [0, 1] } as const;
    const device = backend.upload(x);
    const [first, second] = [backend.alloc(x), backend.alloc(x)];
    const prepared = backend.prepare('transpose', spec);
    prepared.run({ x: device, y: first });
    const read = await backend.read(first);
    backend.write(device, tensor('float32', [9, 9, 9, 9]));
    prepared.run({ x: device, y: second });
    (read.data as Float32Array).fill(5);
    expect((await backend.read(first)).data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect((await backend.read(second)).data).toEqual(Float32Array.of(9, 9, 9, 9));
    await backend.dispose();
  });

  it('keeps working after an op that failed, and holds nothing of it', async () => {
    const backend = await openBackend(reference);
    const spec = { shape: [2] };
    await expect(
      backend.call('dynamicQuantize', spec, { x: tensor('float32', [1, Infinity]) }),
    ).rejects.toMatchObject({ code: 'HT_INVALID_ARGUMENT' });
    expect(backend.stats().liveTensors).toBe(0);
    expect(
      (await backend.call('dynamicQuantize', spec, { x: tensor('float32', [-1, 1]) }))['y']!.data,
    ).toEqual(Uint8Array.of(0, 254));
    await backend.dispose();
  });

  it('runs nothing after it was disposed', async () => {
    const backend = await openBackend(reference);
    await backend.dispose();
    expect(() => backend.alloc({ dtype: 'int8', shape: [1] })).toThrow(/disposed/);
  });
});

it('every packable operand can be given ahead', async () => {
  const backend = await openBackend(reference);
  const spec: QConv2dSpec = {
    n: 1,
    h: 3,
    w: 3,
    c: 2,
    kernel: [2, 2],
    strides: [1, 1],
    pads: [0, 1, 1, 0],
    dilations: [1, 1],
    o: 2,
    groups: 2,
    x: 'int8',
    weights: 'int8',
    wZeroPoint: 'per-channel',
    bias: 'none',
    output: { type: 'int32' },
  };
  const next = random(7);
  const inputs = operands('qconv2d', spec, {
    x: randomCodes(next, 'int8', 18),
    w: randomCodes(next, 'int8', 8),
    xZeroPoint: [-128],
    wZeroPoint: [0, 5],
  });
  const expected = (await backend.call('qconv2d', spec, inputs))['y']!;
  const weights = Object.fromEntries(catalogue.qconv2d.packable!.map((name) => [name, inputs[name]!]));
  const prepared = backend.prepare('qconv2d', spec, weights);
  const io = {
    x: backend.upload(inputs['x']!),
    xZeroPoint: backend.upload(inputs['xZeroPoint']!),
    y: backend.alloc(expected),
  };
  prepared.run(io);
  expect(await backend.read(io.y)).toEqual(expected);
  await backend.dispose();
});
