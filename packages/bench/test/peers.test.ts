import { openBackend, tensor } from '@halftone/core';
import { type Case, casesOf, largeCases, makeCase, operandsOf, oracleOf } from '@halftone/conformance';
import reference from '@halftone/backend-reference';
import * as onnxruntime from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { runBench } from '../src/index.ts';
import {
  loopsPeer,
  type OrtModule,
  ortPeer,
  simsimdPeer,
  tfjsPeer,
  type TfModule,
} from '../src/peers/index.ts';
import { contestant } from './support.ts';

const ort = onnxruntime as unknown as OrtModule;
const options = { name: 'ort', threads: 1, executionProvider: 'cpu', writesOutputs: true };

/** Cases by the ends of their names; uint8 weights, since ONNX Runtime saturates others on CPUs without VNNI. */
function named(op: Case['op'], ...ends: readonly string[]): Case[] {
  const all = [...casesOf(op), ...largeCases(op)] as readonly Case[];
  return ends.map((end) => {
    const found = all.find(({ id }) => id.endsWith(end));
    if (!found) throw new Error(`no case ${op}/${end}`);
    return found;
  });
}

const product = {
  batch: 1,
  m: 9,
  n: 17,
  k: 33,
  a: 'uint8',
  b: 'uint8',
  transposeB: false,
  bZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
} as const;
const codes = { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-channel' } as const;
const floats = { type: 'float32', multiplier: 'per-channel' } as const;
const spread = { multiplier: { fill: 'log', lo: 1 / 4096, hi: 1 / 1024 } } as const;
const window = {
  n: 2,
  h: 9,
  w: 7,
  c: 6,
  kernel: [3, 2],
  strides: [2, 1],
  pads: [1, 0, 2, 1],
  dilations: [1, 1],
} as const;
const convolution = {
  ...window,
  dilations: [1, 2],
  o: 12,
  groups: 1,
  x: 'uint8',
  weights: 'uint8',
  wZeroPoint: 'per-tensor',
  bias: 'int32',
  output: codes,
} as const;

const cases: readonly Case[] = [
  makeCase('qgemm', 'test/s32', product),
  makeCase('qgemm', 'test/s32-nk', { ...product, transposeB: true }),
  makeCase('qgemm', 'test/codes', { ...product, output: codes }, spread),
  makeCase(
    'qgemm',
    'test/codes-bias-nk',
    { ...product, output: codes, bias: 'int32', transposeB: true },
    spread,
  ),
  makeCase('qgemm', 'test/floats', { ...product, output: floats }),
  makeCase('qconv2d', 'test/dense', convolution, spread),
  makeCase('qconv2d', 'test/groups', { ...convolution, groups: 3 }, spread),
  makeCase('qconv2d', 'test/depthwise', { ...convolution, groups: 6, o: 6 }, spread),
  ...named('quantize', 'large/256x256/u8'),
  ...named('dequantize', 'large/256x256/u8'),
  makeCase('quantize', 'test/columns', { shape: [5, 7], axis: 1, to: 'int8' }),
  makeCase('dequantize', 'test/rows', { shape: [5, 7], axis: 0, from: 'int8' }),
  makeCase('dynamicQuantize', 'test', { shape: [6, 50] }),
  makeCase('qmaxpool', 'test', { ...window, dtype: 'uint8' }),
  makeCase(
    'qadd',
    'test',
    { aShape: [4, 9], bShape: [9], dtype: 'uint8', mode: 'ort-x86' },
    { factors: { data: [0.5, 0.75, 11] } },
  ),
  makeCase('gemm', 'test', { batch: 1, m: 5, n: 6, k: 7, transposeA: true, transposeB: true, bias: true }),
];

describe('ONNX Runtime as a backend', () => {
  test('computes what each op says, from its own operators', async () => {
    const peer = contestant(ortPeer(ort, options), 'peer');
    const { cells } = await runBench({ contestants: [peer], cases, quick: true });
    const status = Object.fromEntries(
      cells.map((cell) => [cell.task, 'reason' in cell ? cell.reason : cell.status]),
    );
    expect(status).toEqual(Object.fromEntries(cases.map(({ id }) => [id, 'timed'])));
    const differing = cells.flatMap((cell) =>
      cell.status === 'timed' && cell.difference ? [cell.task] : [],
    );
    // Its sums of floats are in another order, and its additions are fused on some machines.
    expect(['gemm/test', 'qadd/test']).toEqual(expect.arrayContaining(differing));
  });

  test('operands that change are seen: weights become initializers anew', async () => {
    const backend = await openBackend(ortPeer(ort, options));
    const oracle = await openBackend(reference);
    try {
      const item = cases[2]!;
      const operands = operandsOf(item);
      const io = Object.fromEntries(
        Object.entries(operands).map(([name, value]) => [name, backend.upload(value)]),
      );
      const y = backend.alloc({ dtype: 'uint8', shape: [1, 9, 17] });
      const prepared = backend.prepare(item.op, item.spec);
      prepared.run({ ...io, y });
      const first = await backend.read(y);
      const changed = { ...operands, b: tensor('uint8', new Uint8Array(33 * 17).fill(9), [33, 17]) };
      backend.write(io['b']!, changed.b);
      prepared.run({ ...io, y });
      const second = await backend.read(y);
      expect(first.data).toEqual((await oracleOf(oracle)(item))['y']!.data);
      expect(second.data).toEqual((await oracle.call(item.op, item.spec, changed))['y']!.data);
      prepared.dispose();
    } finally {
      await backend.dispose();
      await oracle.dispose();
    }
  });

  test('says what it has no operator for, and a model that does not load is an error of that run alone', async () => {
    const backend = await openBackend(ortPeer(ort, options));
    expect(backend.supports('lut256', { shape: [1], from: 'uint8', to: 'uint8' })).toHaveProperty('reason');
    expect(backend.supports('qgemm', { ...product, batch: 2 })).toHaveProperty('reason');
    const broken = await openBackend(ortPeer(ort, { ...options, executionProvider: 'no such provider' }));
    const item = cases[0]!;
    await expect(broken.call(item.op, item.spec, operandsOf(item))).rejects.toThrow();
    for (const one of [backend, broken]) await one.dispose();
  });
});

describe('SimSIMD as a backend', () => {
  const dot = {
    dot: (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0),
    hamming: (a: Uint8Array, b: Uint8Array) =>
      a.reduce((sum, x, i) => sum + (x ^ b[i]!).toString(2).replaceAll('0', '').length, 0),
  };
  const rows = { ...product, m: 1, a: 'int8', b: 'int8', transposeB: true } as const;

  test('computes a row against rows, and knows no zero points', async () => {
    const zero = { data: [0] };
    const plain = makeCase('qgemm', 'test/rows', rows, { aZeroPoint: zero, bZeroPoint: zero });
    const shifted = makeCase('qgemm', 'test/shifted', rows, { aZeroPoint: { data: [1] }, bZeroPoint: zero });
    const { cells } = await runBench({
      contestants: [contestant(simsimdPeer(dot), 'peer')],
      cases: [plain, shifted, cases[0]!],
      quick: true,
    });
    expect(cells.map(({ status }) => status)).toEqual(['timed', 'failed', 'refused']);
  });

  test('computes rows of signs that are whole bytes', async () => {
    const { cells } = await runBench({
      contestants: [contestant(simsimdPeer(dot), 'peer')],
      cases: [16, 17].map((k) => makeCase('bgemm', `test/${k}`, { m: 3, n: 5, k })),
      quick: true,
    });
    expect(cells.map(({ status }) => status)).toEqual(['timed', 'refused']);
  });
});

describe('plain loops as a backend', () => {
  test('are right in what they take', async () => {
    const rows = { ...product, m: 1, a: 'int8', b: 'int8', transposeB: true } as const;
    const search = { dtype: 'float32', outer: 3, extent: 40, inner: 1, k: 5, largest: true } as const;
    const { cells } = await runBench({
      contestants: [contestant(loopsPeer, 'peer')],
      cases: [
        makeCase('qgemm', 'test/rows', rows),
        makeCase('qgemm', 'test/product', { ...rows, m: 2 }),
        makeCase('bgemm', 'test/words', { m: 3, n: 5, k: 96 }),
        makeCase('bgemm', 'test/bytes', { m: 3, n: 5, k: 24 }),
        makeCase('topK', 'test/largest', search, { x: { fill: 'special' } }),
        makeCase('topK', 'test/all', { ...search, extent: 5 }, { x: { data: [1, 2, 2, 0, 2] } }),
        makeCase('topK', 'test/smallest', { ...search, largest: false }),
      ],
      quick: true,
    });
    expect(cells.map(({ status }) => status)).toEqual([
      'timed',
      'refused',
      'timed',
      'refused',
      'timed',
      'timed',
      'refused',
    ]);
  });
});

describe('TensorFlow.js as a backend', () => {
  interface Plain {
    readonly values: readonly number[];
    readonly shape: readonly number[];
  }
  const each = (f: (a: number, b: number) => number) => (a: Plain, b: Plain) => ({
    shape: a.shape,
    values: a.values.map((value, i) =>
      f(value, b.values[b.values.length === a.values.length ? i : i % b.values.length]!),
    ),
  });
  const live = new Set<object>();
  const tf = {
    tensor(data: Float32Array, shape: readonly number[]) {
      const made = {
        values: [...data],
        shape,
        data: async () => [...data],
        dispose: () => live.delete(made),
      };
      live.add(made);
      return made;
    },
    getBackend: () => 'plain',
    setBackend: async () => true,
    findBackend: () => null,
    sub: each((a, b) => a - b),
    add: each((a, b) => a + b),
    mul: each((a, b) => a * b),
    matMul(a: Plain, b: Plain, _: boolean, transposed: boolean) {
      const [m = 0, k = 0] = a.shape;
      const n = b.shape[transposed ? 0 : 1]!;
      const at = (i: number, j: number): number => b.values[transposed ? j * k + i : i * n + j]!;
      const values = Array.from({ length: m * n }, (_unused, place) => {
        let sum = 0;
        for (let i = 0; i < k; i++) sum += a.values[Math.floor(place / n) * k + i]! * at(i, place % n);
        return sum;
      });
      const made = { shape: [m, n], values, data: async () => values, dispose: () => live.delete(made) };
      live.add(made);
      return made;
    },
    tidy: <T>(work: () => T): T => work(),
  } as unknown as TfModule;

  test('products of codes in floats are those of integers, and nothing stays behind', async () => {
    const peer = contestant(tfjsPeer(tf, { name: 'tf', backend: 'plain' }), 'peer');
    const { cells } = await runBench({ contestants: [peer], cases: cases.slice(0, 2), quick: true });
    expect(cells.map((cell) => [cell.status, 'difference' in cell])).toEqual([
      ['timed', false],
      ['timed', false],
    ]);
    expect(live.size).toBe(0);
  });
});
