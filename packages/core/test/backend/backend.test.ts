import { describe, expect, it } from 'vitest';
import {
  type BackendProvider,
  type GemmSpec,
  HalftoneError,
  hostBackend,
  type HostIO,
  isHalftoneError,
  type KernelProvider,
  openBackend,
  openBest,
  type PackedWeights,
  tensor,
  zeros,
} from '../../src/index.ts';
import { codeOf, packing, type PackLog, small } from './support.ts';

const clampSpec = { function: 'clamp', shape: [3], clamp: [-1, 1] } as const;
const newLog = (): PackLog => ({ packs: 0, packedBytes: 0, disposedKernels: 0, prepared: 0, operands: [] });

describe('memory of a host backend', () => {
  it('copies on write and on read', async () => {
    const backend = await openBackend(small);
    const source = tensor('float32', Float32Array.of(1, 2, 3));
    const device = backend.upload(source);
    source.data[0] = 9;
    const first = await backend.read(device);
    expect(Array.from(first.data as Float32Array)).toEqual([1, 2, 3]);
    (first.data as Float32Array)[1] = 9;
    expect(Array.from((await backend.read(device)).data as Float32Array)).toEqual([1, 2, 3]);
  });

  it('counts live tensors and bytes down to the baseline', async () => {
    const backend = await openBackend(small);
    expect(backend.stats()).toEqual({ liveTensors: 0, liveBytes: 0, packedBytes: 0 });
    const a = backend.alloc({ dtype: 'int32', shape: [2, 5] });
    const b = backend.alloc({ dtype: 'uint8', shape: [0] });
    expect(backend.stats()).toEqual({ liveTensors: 2, liveBytes: 40, packedBytes: 0 });
    a.dispose();
    a.dispose();
    b.dispose();
    expect(backend.stats()).toEqual({ liveTensors: 0, liveBytes: 0, packedBytes: 0 });
  });

  it('refuses tensors after their disposal, other backends, wrong types and sizes', async () => {
    const backend = await openBackend(small);
    const other = await openBackend(small);
    const mine = backend.alloc({ dtype: 'float32', shape: [2] });
    expect(await codeOf(() => backend.write(mine, tensor('float32', [1, 2, 3])))).toBe('HT_SHAPE_MISMATCH');
    expect(await codeOf(() => backend.write(mine, tensor('int32', [1, 2])))).toBe('HT_DTYPE_MISMATCH');
    expect(await codeOf(() => other.read(mine))).toBe('HT_INVALID_ARGUMENT');
    mine.dispose();
    expect(await codeOf(() => backend.read(mine))).toBe('HT_DISPOSED');
    expect(await codeOf(() => backend.alloc({ dtype: 'float32', shape: [-1] }))).toBe('HT_INVALID_ARGUMENT');
    expect(await codeOf(() => backend.alloc({ dtype: 'float32', shape: [2 ** 40] }))).toBe(
      'HT_OUT_OF_MEMORY',
    );
  });

  it('does nothing after dispose', async () => {
    const backend = await openBackend(small);
    const prepared = backend.prepare('unary', clampSpec);
    const x = backend.alloc({ dtype: 'float32', shape: [3] });
    await backend.dispose();
    await backend.dispose();
    for (const action of [
      () => backend.alloc({ dtype: 'float32', shape: [1] }),
      () => backend.prepare('unary', clampSpec),
      () => backend.call('unary', clampSpec, { x: zeros('float32', [3]) }),
      () => prepared.run({ x, y: x }),
      () => backend.sync(),
    ]) {
      expect(await codeOf(action)).toBe('HT_DISPOSED');
    }
  });
});

describe('openBackend and openBest', () => {
  const missing: BackendProvider = hostBackend({
    name: 'missing',
    device: 'none',
    numericClass: () => 'exact',
    ops: {},
    probe: async () => ({ available: false, reason: 'no device' }),
  });

  it('refuses what is no provider', async () => {
    expect(await codeOf(() => openBackend({ ...small, spec: 'backend/9' } as never))).toBe('HT_BACKEND');
    expect(await codeOf(() => openBackend(undefined as never))).toBe('HT_BACKEND');
  });

  it('says why a backend is not available, and takes the first that is', async () => {
    const failure = await openBackend(missing).catch((error: unknown) => error);
    expect(isHalftoneError(failure, 'HT_UNAVAILABLE') && failure.details['reason']).toBe('no device');
    expect((await openBest([missing, small])).name).toBe('small');
    const none = await openBest([missing, missing]).catch((error: unknown) => error);
    expect(isHalftoneError(none, 'HT_UNAVAILABLE') && none.details['reasons']).toHaveLength(2);
    expect(await codeOf(() => openBest([]))).toBe('HT_UNAVAILABLE');
  });

  it('passes options to probe and to create', async () => {
    const seen: unknown[] = [];
    const provider: BackendProvider<{ isa: string }> = {
      ...(small as BackendProvider<{ isa: string }>),
      probe: async (options) => {
        seen.push(options);
        return { available: true, device: 'test' };
      },
      create: async (options) => {
        seen.push(options);
        return await small.create();
      },
    };
    await openBackend(provider, { isa: 'scalar' });
    expect(seen).toEqual([{ isa: 'scalar' }, { isa: 'scalar' }]);
  });
});

describe('runs', () => {
  it('refuse operands that are missing, unknown, of another type or size, aliased or disposed, and go on working', async () => {
    const backend = await openBackend(small);
    const prepared = backend.prepare('unary', clampSpec);
    expect(prepared.variant).toBe('clamp_plain');
    const x = backend.upload(tensor('float32', [-3, 0.5, 7]));
    const y = backend.alloc({ dtype: 'float32', shape: [3] });
    const codes = backend.alloc({ dtype: 'uint8', shape: [3] });
    const long = backend.alloc({ dtype: 'float32', shape: [4] });
    const gone = backend.alloc({ dtype: 'float32', shape: [3] });
    gone.dispose();
    const run = (io: object) => codeOf(() => prepared.run(io as never));
    expect(await run({ x })).toBe('HT_INVALID_ARGUMENT');
    expect(await run({ x, y, z: long })).toBe('HT_INVALID_ARGUMENT');
    expect(await run({ x: codes, y })).toBe('HT_DTYPE_MISMATCH');
    expect(await run({ x: long, y })).toBe('HT_SHAPE_MISMATCH');
    expect(await run({ x, y: x })).toBe('HT_INVALID_ARGUMENT');
    expect(await run({ x: gone, y })).toBe('HT_DISPOSED');
    prepared.run({ x, y });
    expect(Array.from((await backend.read(y)).data as Float32Array)).toEqual([-1, 0.5, 1]);
    prepared.dispose();
    expect(await run({ x, y })).toBe('HT_DISPOSED');
  });

  it('are refused with the backend’s reason, or for a spec that describes nothing', async () => {
    const backend = await openBackend(small);
    expect(backend.supports('unary', { function: 'tanh', shape: [1] })).toEqual({ reason: 'only clamps' });
    expect(backend.supports('cast', { shape: [1], from: 'int32', to: 'float32' })).not.toBe(true);
    expect(await codeOf(() => backend.prepare('unary', { function: 'tanh', shape: [1] }))).toBe(
      'HT_UNSUPPORTED',
    );
    expect(await codeOf(() => backend.prepare('cast', { shape: [1], from: 'int32', to: 'float32' }))).toBe(
      'HT_UNSUPPORTED',
    );
    expect(await codeOf(() => backend.prepare('unary', { ...clampSpec, clamp: [1, -1] }))).toBe(
      'HT_INVALID_ARGUMENT',
    );
    expect(await codeOf(() => backend.prepare('nothing' as never, {} as never))).toBe('HT_INVALID_ARGUMENT');
  });
});

describe('call', () => {
  it('runs once on host tensors and leaves nothing behind, also when it fails', async () => {
    const backend = await openBackend(small);
    const { y } = await backend.call('unary', clampSpec, { x: tensor('float32', [-2, 0, 2]) });
    expect(Array.from(y!.data as Float32Array)).toEqual([-1, 0, 1]);
    expect(await codeOf(() => backend.call('unary', clampSpec, { x: tensor('float32', [1]) }))).toBe(
      'HT_SHAPE_MISMATCH',
    );
    expect(await codeOf(() => backend.call('unary', clampSpec, { w: tensor('float32', [1]) }))).toBe(
      'HT_INVALID_ARGUMENT',
    );
    expect(await codeOf(() => backend.call('unary', clampSpec, {}))).toBe('HT_INVALID_ARGUMENT');
    expect(backend.stats().liveTensors).toBe(0);
  });

  it('tells specs with infinities apart', async () => {
    const backend = await openBackend(small);
    const x = tensor('float32', [-5, 5]);
    const clamp = async (lo: number, hi: number) => {
      const { y } = await backend.call('unary', { function: 'clamp', shape: [2], clamp: [lo, hi] }, { x });
      return Array.from(y!.data as Float32Array);
    };
    expect(await clamp(0, Infinity)).toEqual([0, 5]);
    expect(await clamp(-Infinity, 0)).toEqual([-5, 0]);
    expect(await clamp(-Infinity, Infinity)).toEqual([-5, 5]);
  });

  it('keeps at most 64 kernels and disposes those that go', async () => {
    const log = newLog();
    const backend = await openBackend(packing(log));
    const call = (size: number) =>
      backend.call(
        'unary',
        { function: 'clamp', shape: [size], clamp: [0, 1] },
        { x: zeros('float32', [size]) },
      );
    for (let size = 1; size <= 64; size++) await call(size);
    await call(1);
    expect([log.prepared, log.disposedKernels]).toEqual([64, 0]);
    await call(65);
    expect([log.prepared, log.disposedKernels]).toEqual([65, 1]);
    await call(1);
    expect(log.prepared).toBe(65);
    await call(2);
    expect(log.prepared).toBe(66);
    await backend.dispose();
    expect(log.disposedKernels).toBe(66);
  });
});

describe('weights', () => {
  const spec = { batch: 1, m: 1, n: 2, k: 3, transposeA: false, transposeB: false, bias: false } as const;
  const b = tensor('float32', [1, 2, 3, 4, 5, 6], [3, 2]);

  it('are packed once, left out of each run, and freed with the op', async () => {
    const log = newLog();
    const backend = await openBackend(packing(log));
    const prepared = backend.prepare('gemm', spec, { b });
    expect([log.packs, prepared.variant, backend.stats().packedBytes]).toEqual([1, 'packed', 24]);
    const a = backend.alloc({ dtype: 'float32', shape: [3] });
    const y = backend.alloc({ dtype: 'float32', shape: [2] });
    prepared.run({ a, y });
    prepared.run({ a, y });
    expect([log.packs, log.operands]).toEqual([
      1,
      [
        ['a', 'y'],
        ['a', 'y'],
      ],
    ]);
    const again = backend.upload(b);
    expect(await codeOf(() => prepared.run({ a, b: again, y }))).toBe('HT_INVALID_ARGUMENT');
    prepared.dispose();
    prepared.dispose();
    expect([backend.stats().packedBytes, log.disposedKernels]).toEqual([0, 1]);
  });

  it('are uploaded where the kernel does not pack, and refused where they do not fit', async () => {
    const backend = await openBackend(
      hostBackend({
        name: 'sum',
        device: 'test',
        numericClass: () => 'f32-ieee',
        ops: {
          gemm(_spec, io) {
            const total = (io['b']!.data as Float32Array).reduce((sum, v) => sum + v, 0);
            (io['y']!.data as Float32Array).fill(total);
          },
        },
      }),
    );
    const weights = { ...b, data: b.data.slice() };
    const prepared = backend.prepare('gemm', spec, { b: weights });
    weights.data.fill(0);
    const a = backend.alloc({ dtype: 'float32', shape: [3] });
    const y = backend.alloc({ dtype: 'float32', shape: [2] });
    prepared.run({ a, y });
    expect(Array.from((await backend.read(y)).data as Float32Array)).toEqual([21, 21]);
    prepared.dispose();
    expect(backend.stats().liveTensors).toBe(2);
    const shape = tensor('float32', [1, 2]);
    expect(await codeOf(() => backend.prepare('gemm', spec, { b: shape }))).toBe('HT_SHAPE_MISMATCH');
    expect(await codeOf(() => backend.prepare('gemm', spec, { a: shape }))).toBe('HT_INVALID_ARGUMENT');
  });

  it('are given back where the kernel cannot be made, packed or uploaded', async () => {
    const none = new HalftoneError('HT_OUT_OF_MEMORY', 'no memory');
    for (const packs of [true, false]) {
      const backend = await openBackend({
        ...small,
        async create() {
          const driver = await packing(newLog()).create();
          const gemm = driver.kernels.gemm!;
          const failing: KernelProvider<GemmSpec> = {
            supports: () => true,
            prepare: () => {
              throw none;
            },
          };
          const pack = (of: GemmSpec, weights: HostIO): PackedWeights => gemm.pack!(of, weights);
          return { ...driver, kernels: { gemm: packs ? { ...failing, pack } : failing } };
        },
      });
      expect(await codeOf(() => backend.prepare('gemm', spec, { b }))).toBe('HT_OUT_OF_MEMORY');
      expect(backend.stats()).toEqual({ liveTensors: 0, liveBytes: 0, packedBytes: 0 });
    }
  });

  it('are given back where they cannot be written', async () => {
    const backend = await openBackend({
      ...small,
      async create() {
        const write = (): never => {
          throw new HalftoneError('HT_OUT_OF_MEMORY', 'no memory');
        };
        return { ...(await small.create()), write };
      },
    });
    expect(await codeOf(() => backend.upload(b))).toBe('HT_OUT_OF_MEMORY');
    expect(backend.stats().liveTensors).toBe(0);
  });
});
