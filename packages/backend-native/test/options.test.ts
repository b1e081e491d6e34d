import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type Backend, isHalftoneError, openBackend, type QGemmSpec, tensor } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import native, { type NativeOptions } from '../src/index.ts';
import { available } from './support.ts';

const entry = new URL('../dist/index.js', import.meta.url).href;

const spec: QGemmSpec = {
  batch: 1,
  m: 40,
  n: 70,
  k: 130,
  a: 'uint8',
  b: 'int8',
  transposeB: false,
  bZeroPoint: 'per-tensor',
  bias: 'none',
  output: { type: 'int32' },
};
const a = tensor(
  'uint8',
  Uint8Array.from({ length: 40 * 130 }, (_, i) => (i * 37) & 255),
  [40, 130],
);
const b = tensor(
  'int8',
  Int8Array.from({ length: 130 * 70 }, (_, i) => (i * 91) | 0),
  [130, 70],
);
const zeros = { aZeroPoint: tensor('uint8', [3]), bZeroPoint: tensor('int8', [-5]) };

async function product(backend: Backend): Promise<Int32Array> {
  return (await backend.call('qgemm', spec, { a, b, ...zeros }))['y']!.data as Int32Array;
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    return isHalftoneError(error) ? error.code : `not ours: ${String(error)}`;
  }
  return 'none';
}

describe.skipIf(!available)('options', () => {
  test('each tier once, the best last, and the best is what runs', async () => {
    const labels = native.variants!.map(({ label }) => label).slice(0, -1);
    expect(new Set(labels).size).toBe(labels.length);
    const best = ['scalar', 'avx2', 'avxvnni', 'avx512vnni', 'amx', 'neon', 'dotprod'].findLast((isa) =>
      labels.includes(isa),
    );
    expect(labels.at(-1)).toBe(best);
    if (process.env['HALFTONE_ISA']) return;
    expect(await native.probe({ threads: 1 })).toMatchObject({ device: `CPU, ${best}, 1 thread` });
  });

  test('every tier of this machine, and every number of threads, gives the same integers', async () => {
    const results: Int32Array[] = [];
    const choices: NativeOptions[] = [
      ...native.variants!.map(({ options }) => options),
      { threads: 2 },
      { threads: 7 },
    ];
    for (const options of choices) {
      const backend = await openBackend(native, options);
      results.push(await product(backend));
      await backend.dispose();
    }
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('the tier names the kernel that runs', async () => {
    const backend = await openBackend(native, { isa: 'scalar' });
    const prepared = backend.prepare('qgemm', spec);
    expect(prepared.variant).toBe('qgemm_u8s8_4x16_scalar');
    expect(backend.device).toContain('scalar');
    prepared.dispose();
    await backend.dispose();
  });

  test('HALFTONE_ISA caps the tier; an option stands above it', () => {
    const script = `const { default: native } = await import(${JSON.stringify(entry)});
      console.log((await native.probe()).device, '|', (await native.probe({ isa: 'scalar' })).device);
      console.log((await native.probe({ isa: 'sse9' })).available);`;
    const run = (isa: string): string =>
      spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, HALFTONE_ISA: isa },
        encoding: 'utf8',
      }).stdout;
    const second = native.variants![1]!.label;
    expect(run(second)).toContain(`CPU, ${second},`);
    expect(run(second)).toMatch(/\| CPU, scalar,.*\nfalse\n$/);
    expect(run('sse9')).toMatch(/^undefined/);
  });

  test('what does not run here, and numbers that are none, are refused', async () => {
    expect(await codeOf(() => openBackend(native, { isa: 'sse9' as 'scalar' }))).toBe('HT_UNAVAILABLE');
    for (const threads of [0, -1, 1.5, NaN, 100_000, '2' as unknown as number])
      expect((await native.probe({ threads })).available, String(threads)).toBe(false);
  });

  test('without a binary, probe says what to do', () => {
    const script = `import { cpSync } from 'node:fs';
      const at = process.argv[1];
      cpSync(${JSON.stringify(fileURLToPath(new URL('../dist', import.meta.url)))}, at + '/dist', { recursive: true });
      cpSync(${JSON.stringify(fileURLToPath(new URL('../node_modules', import.meta.url)))}, at + '/node_modules', { recursive: true });
      const { default: native } = await import('file://' + at + '/dist/index.js');
      console.log(JSON.stringify([await native.probe(), native.variants]));`;
    const at = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim();
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script, at], {
      encoding: 'utf8',
    });
    spawnSync('rm', ['-rf', at]);
    const [probe, variants] = JSON.parse(stdout) as [{ available: boolean; reason: string }, unknown[]];
    expect(probe.available).toBe(false);
    expect(probe.reason).toContain(
      `npm install @halftone/backend-native-${process.platform}-${process.arch}`,
    );
    expect(variants).toEqual([]);
  });
});

describe.skipIf(!available)('life', () => {
  test('several backends at once, in several workers, and an exit in the midst of it', async () => {
    const script = `
      import { parentPort } from 'node:worker_threads';
      import native from ${JSON.stringify(entry)};
      import { openBackend, tensor } from ${JSON.stringify(import.meta.resolve('@halftone/core'))};
      const backends = await Promise.all([1, 2, 3].map((threads) => openBackend(native, { threads })));
      const x = tensor('float32', Float32Array.from({ length: 1 << 20 }, (_, i) => i % 7), [1 << 20]);
      const spec = { shape: [1 << 20], to: 'uint8' };
      const io = { x, scale: tensor('float32', [1]), zeroPoint: tensor('uint8', [1]) };
      const results = await Promise.all(backends.map((backend) => backend.call('quantize', spec, io)));
      parentPort.postMessage(results.map(({ y }) => y.data.reduce((sum, value) => sum + value, 0)));`;
    const url = new URL(`data:text/javascript,${encodeURIComponent(script)}`);
    const run = (): Promise<number[]> =>
      new Promise((resolve, reject) => {
        // The backends are never disposed: the worker ends with their threads asleep.
        const worker = new Worker(url);
        worker.on('message', resolve);
        worker.on('error', reject);
      });
    const expected = Array.from({ length: 1 << 20 }, (_, i) => (i % 7) + 1).reduce(
      (sum, value) => sum + value,
      0,
    );
    for (const sums of await Promise.all([run(), run(), run()]))
      expect(sums).toEqual([expected, expected, expected]);
  });

  test('a process ends at once with backends open', () => {
    const script = `const { default: native } = await import(${JSON.stringify(entry)});
      const backend = await native.create({ threads: 4 });
      const x = backend.alloc({ dtype: 'float32', shape: [1 << 20] });
      console.log(x.disposed);`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, 'false\n']);
  });

  test('idle threads use no processor', async () => {
    const backend = await openBackend(native, { threads: 8 });
    await product(backend);
    await new Promise((done) => setTimeout(done, 20));
    const before = process.cpuUsage();
    await new Promise((done) => setTimeout(done, 500));
    const { user, system } = process.cpuUsage(before);
    await backend.dispose();
    // Eight spinning threads would use a second and more on two cores.
    expect(user + system).toBeLessThan(250_000);
  });
});

describe.skipIf(!available)('weights', () => {
  test('may stand in shared memory, and may not in memory that can be resized', async () => {
    const backend = await openBackend(native);
    const weightsIn = (buffer: ArrayBufferLike) => {
      const data = new Int8Array(buffer as ArrayBuffer, 0, b.data.length);
      data.set(b.data as Int8Array);
      return { b: { ...b, data }, bZeroPoint: zeros.bZeroPoint };
    };
    const expected = await product(backend);
    const shared = backend.prepare('qgemm', spec, weightsIn(new SharedArrayBuffer(b.data.length)));
    const io = {
      a: backend.upload(a),
      aZeroPoint: backend.upload(zeros.aZeroPoint),
      y: backend.alloc({ dtype: 'int32', shape: [40, 70] }),
    };
    shared.run(io);
    expect((await backend.read(io.y)).data).toEqual(expected);
    const Resizable = ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer;
    const resizable = new Resizable(b.data.length, { maxByteLength: 1 << 20 });
    expect(await codeOf(async () => backend.prepare('qgemm', spec, weightsIn(resizable)))).toBe(
      'HT_INVALID_ARGUMENT',
    );
    expect(backend.stats().packedBytes).toBeGreaterThan(130 * 70);
    shared.dispose();
    expect(backend.stats().packedBytes).toBe(0);
    await backend.dispose();
  });
});
