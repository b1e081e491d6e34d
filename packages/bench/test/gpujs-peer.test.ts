import { runInThisContext } from 'node:vm';
import { openBackend, tensor } from '@halftone/core';
import { makeCase, operandsOf, oracleOf } from '@halftone/conformance';
import reference from '@halftone/backend-reference';
import { describe, expect, test } from 'vitest';
import { casesFor, runBench } from '../src/index.ts';
import { type GpujsClass, gpujsPeer } from '../src/peers/index.ts';
import { contestant } from './support.ts';

interface Drawing {
  readonly rows: readonly Float32Array[];
  toArray(): readonly Float32Array[];
}
type Operand = Drawing | readonly Float32Array[];
type Body = (
  this: { readonly thread: { readonly x: number; readonly y: number } },
  ...operands: unknown[]
) => number;

/** gpu.js as loops over threads, which counts what lives and what is brought; its renderer is done when it is asked a third time. */
function plainGpu(isWebGL2Supported = true) {
  const live = new Set<object>();
  const seen = { brought: 0, asked: 0, fences: 0 };
  const context = {
    SYNC_GPU_COMMANDS_COMPLETE: 1,
    TIMEOUT_EXPIRED: 2,
    fenceSync: () => ({ left: 2, number: ++seen.fences }),
    clientWaitSync(sync: { left: number }) {
      seen.asked++;
      return sync.left-- > 0 ? 2 : 3;
    },
    deleteSync: () => seen.fences--,
    flush() {},
  };
  class Plain {
    static readonly isWebGL2Supported = isWebGL2Supported;
    readonly context = context;
    constructor() {
      live.add(this);
    }
    createKernel(
      source: string,
      { output: [columns, rows] }: { readonly output: readonly [number, number] },
    ) {
      // The text must be a whole function, as gpu.js takes it.
      const body = runInThisContext(`(${source})`) as Body;
      const kernel = async (...operands: readonly Operand[]): Promise<Drawing> => {
        if (operands.some(Array.isArray)) seen.brought++;
        const matrices = operands.map((operand) => ('rows' in operand ? operand.rows : operand));
        const drawn = Array.from({ length: rows }, (_, y) =>
          Float32Array.from({ length: columns }, (_unused, x) =>
            body.call({ thread: { x, y } }, ...matrices),
          ),
        );
        return { rows: drawn, toArray: () => drawn };
      };
      live.add(kernel);
      return Object.assign(kernel, { destroy: () => live.delete(kernel) });
    }
    async destroy() {
      live.delete(this);
    }
  }
  return { GPU: Plain as unknown as GpujsClass, live, seen };
}

const product = {
  batch: 1,
  m: 9,
  n: 17,
  k: 33,
  a: 'uint8',
  b: 'int8',
  transposeB: false,
  bZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
} as const;
const codes = { type: 'codes', dtype: 'uint8', mode: 'ort-f32', multiplier: 'per-channel' } as const;
const spread = { multiplier: { fill: 'log', lo: 1 / 4096, hi: 1 / 1024 } } as const;
const floats = { batch: 1, m: 5, n: 7, k: 11, transposeA: false, transposeB: false, bias: false } as const;

describe('gpu.js as a backend', () => {
  test('the kernel that it teaches is right in what it takes, and nothing stays behind', async () => {
    const { GPU, live, seen } = plainGpu();
    const cases = [
      makeCase('qgemm', 'test/s32', product),
      makeCase('qgemm', 'test/s32-nk', { ...product, transposeB: true }),
      makeCase('qgemm', 'test/codes', { ...product, output: codes }, spread),
      makeCase(
        'qgemm',
        'test/codes-nk',
        { ...product, transposeB: true, output: { ...codes, multiplier: 'per-tensor', clamp: [9, 200] } },
        spread,
      ),
      makeCase('gemm', 'test/floats', floats),
      makeCase('qgemm', 'test/bias', { ...product, bias: 'int32' }),
      makeCase('qgemm', 'test/columns', { ...product, bZeroPoint: 'per-channel' }),
      makeCase('qgemm', 'test/batch', { ...product, batch: 2 }),
      makeCase('gemm', 'test/turned', { ...floats, transposeA: true }),
    ];
    const { cells } = await runBench({
      contestants: [contestant(gpujsPeer(GPU), 'peer')],
      cases,
      quick: true,
    });
    expect(cells.map(({ task, status }) => `${task}: ${status}`)).toEqual(
      cases.map(({ id }, i) => `${id}: ${i < 5 ? 'timed' : 'refused'}`),
    );
    for (const cell of cells.slice(0, 2)) expect(cell).not.toHaveProperty('difference');
    expect(live.size).toBe(0);
    expect(seen.fences).toBe(0);
  });

  test('operands are brought once, and those that change anew', async () => {
    const { GPU, seen } = plainGpu();
    const backend = await openBackend(gpujsPeer(GPU));
    const oracle = await openBackend(reference);
    try {
      const item = makeCase('qgemm', 'test/s32', product);
      const operands = operandsOf(item);
      const io = Object.fromEntries(
        Object.entries(operands).map(([name, value]) => [name, backend.upload(value)]),
      );
      const y = backend.alloc({ dtype: 'int32', shape: [1, 9, 17] });
      const prepared = backend.prepare(item.op, item.spec);
      for (let i = 0; i < 3; i++) prepared.run({ ...io, y });
      const first = await backend.read(y);
      expect(seen.brought).toBe(2);
      const changed = { ...operands, aZeroPoint: tensor('uint8', [200], operands['aZeroPoint']!.shape) };
      backend.write(io['aZeroPoint']!, changed.aZeroPoint);
      prepared.run({ ...io, y });
      const second = await backend.read(y);
      expect(seen.brought).toBe(3);
      expect(first.data).toEqual((await oracleOf(oracle)(item))['y']!.data);
      expect(second.data).toEqual((await oracle.call(item.op, item.spec, changed))['y']!.data);
      prepared.dispose();
    } finally {
      await backend.dispose();
      await oracle.dispose();
    }
  });

  test('sync waits until the renderer is done', async () => {
    const { GPU, seen } = plainGpu();
    const backend = await openBackend(gpujsPeer(GPU));
    await backend.sync();
    expect(seen).toMatchObject({ asked: 3, fences: 0 });
    await backend.dispose();
  });

  test('without WebGL2 it is not run, which its row says', async () => {
    const { contestants, cells } = await runBench({
      contestants: [contestant(gpujsPeer(plainGpu(false).GPU), 'peer')],
      cases: [makeCase('qgemm', 'test/s32', product)],
      quick: true,
    });
    expect(cells).toEqual([]);
    expect(contestants[0]?.unavailable).toContain('WebGL2');
  });

  test('cubes are timed at the size that such engines show, what would take minutes is not', async () => {
    const [sums, bytes, plain] = casesFor({ filter: /512x512x512/ });
    expect([sums, bytes, plain].map((item) => item?.id)).toEqual([
      'qgemm/large/512x512x512/u8s8-s32',
      'qgemm/large/512x512x512/u8s8-u8',
      'gemm/large/512x512x512',
    ]);
    expect(sums!.spec).toMatchObject({
      m: 512,
      n: 512,
      k: 512,
      a: 'uint8',
      b: 'int8',
      output: { type: 'int32' },
    });
    const backend = await openBackend(gpujsPeer(plainGpu().GPU));
    for (const { op, spec } of [sums!, bytes!, plain!]) expect(backend.supports(op, spec)).toBe(true);
    expect(backend.supports('qgemm', { ...product, m: 1024, n: 1024, k: 1024 })).toHaveProperty('reason');
    await backend.dispose();
  });
});
