import { spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { openBackend } from '@halftone/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import wasm from '../src/index.ts';
import { expectProduct } from './support.ts';

const entry = new URL('../dist/index.js', import.meta.url).href;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Puts another class in the place of Node's workers, or none, as in a page. */
function stub(workerClass?: object): void {
  const real = process.getBuiltinModule.bind(process);
  const threads = workerClass && { Worker: workerClass };
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
    name === 'node:worker_threads' ? threads : real(name)) as typeof process.getBuiltinModule);
}

/** Backends with as many threads each. */
async function open(count: number, threads = 2): Promise<Awaited<ReturnType<typeof openBackend>>[]> {
  return await Promise.all(Array.from({ length: count }, () => openBackend(wasm, { threads })));
}

describe('threads', () => {
  test('any number of them gives the same integers', async () => {
    for (const threads of [1, 2, 3, 5]) {
      const [backend] = await open(1, threads);
      expect(backend!.device).toContain(`${threads} thread`);
      for (let run = 0; run < 20; run++) await expectProduct(backend!);
      await backend!.dispose();
    }
  });

  test('two backends do not meet', async () => {
    const [one, two] = await open(2);
    await Promise.all([expectProduct(one!), expectProduct(two!)]);
    await one!.dispose();
    await expectProduct(two!);
    await two!.dispose();
  });

  test('a backend works again after its threads went to sleep, and ends while they sleep', async () => {
    const [backend] = await open(1, 3);
    for (let run = 0; run < 3; run++) {
      await expectProduct(backend!);
      // Threads look for work for some 100 microseconds.
      await new Promise((done) => setTimeout(done, 50));
    }
    await backend!.dispose();
    await backend!.dispose();
  });

  test.each([
    ['awake', 0],
    ['asleep', 20],
  ])('dispose ends threads that are %s', async (_, pause) => {
    const ends: Promise<unknown>[] = [];
    stub(
      class extends Worker {
        constructor(source: string, options: object) {
          super(source, options);
          ends.push(new Promise((done) => this.once('exit', done)));
        }
      },
    );
    for (let i = 0; i < 5; i++) {
      const [backend] = await open(1, 3);
      await expectProduct(backend!);
      await new Promise((done) => setTimeout(done, pause));
      await backend!.dispose();
    }
    expect(ends).toHaveLength(10);
    await Promise.all(ends);
  });

  test.each(['', 'await backend.dispose();'])('the process ends by itself: %s', (end) => {
    const script = `
      import { openBackend, tensor } from '@halftone/core';
      import wasm from ${JSON.stringify(entry)};
      const backend = await openBackend(wasm, { threads: 3 });
      await openBackend(wasm, { threads: 2 });
      await backend.quantize(tensor('float32', new Float32Array(200000).fill(3)), { dtype: 'uint8', scale: Float32Array.of(1) });
      process.stdout.write(backend.device);
      ${end}`;
    expect(run(script)).toEqual({ status: 0, stdout: 'WebAssembly, SIMD, 3 threads' });
  });
});

/** Runs a module in a process of its own, and waits until it ends. */
function run(script: string): { status: number | null; stdout: string } {
  const args = ['--input-type=module', '-e', script];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  return { status, stdout: stdout.replace('relaxed SIMD', 'SIMD') };
}

describe('workers that do not start leave one thread, and the device says why', () => {
  /** A worker that says what `answer` tells it to, after it got its message. */
  const worker = (
    answer: (tell: (event: string, value: unknown) => void) => void,
    ended: () => void,
  ): object =>
    class {
      readonly #listeners = new Map<string, (value: unknown) => void>();
      on(event: string, listener: (value: unknown) => void): void {
        this.#listeners.set(event, listener);
      }
      postMessage(): void {
        answer((event, value) => this.#listeners.get(event)?.(value));
      }
      terminate(): void {
        ended();
      }
      unref(): void {}
    };
  const expectAlone = async (reason: RegExp): Promise<void> => {
    const backend = await openBackend(wasm, { threads: 3 });
    expect(backend.device).toMatch(/1 thread \(/);
    expect(backend.device).toMatch(reason);
    await expectProduct(backend);
    await backend.dispose();
  };

  test('in Node', async () => {
    const ended = vi.fn();
    stub(worker((tell) => queueMicrotask(() => tell('error', new Error('forbidden by stub'))), ended));
    await expectAlone(/forbidden by stub/);
    expect(ended).toHaveBeenCalledTimes(2);
  });

  test('where one of them fails, the others end', async () => {
    const ended = vi.fn();
    let started = 0;
    stub(
      worker((tell) => {
        const works = started++ === 0;
        queueMicrotask(() =>
          works ? tell('message', 'ready') : tell('error', new Error('the second fails')),
        );
      }, ended),
    );
    await expectAlone(/the second fails/);
    expect(ended).toHaveBeenCalledTimes(2);
  });

  test('where they cannot even be made, or do not take their message', async () => {
    stub(
      class {
        constructor() {
          throw new Error('no threads for you');
        }
      },
    );
    await expectAlone(/no threads for you/);
    stub(
      worker(
        () => {
          throw new Error('not to be cloned');
        },
        () => {},
      ),
    );
    await expectAlone(/not to be cloned/);
  });

  test('where they never answer', async () => {
    const ended = vi.fn();
    stub(worker(() => {}, ended));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const alone = expectAlone(/do not answer/);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(2), 20_000);
    await vi.advanceTimersByTimeAsync(60_000);
    await alone;
    expect(ended).toHaveBeenCalledTimes(2);
  });

  test('in a page', async () => {
    stub();
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal(
      'Worker',
      class {
        onerror?: (event: object) => void;
        postMessage(): void {
          queueMicrotask(() => this.onerror?.({ message: '' }));
        }
        terminate(): void {}
      },
    );
    await expectAlone(/do not start/);
    const kept = vi.spyOn(URL, 'revokeObjectURL');
    vi.stubGlobal(
      'Worker',
      class {
        constructor() {
          throw new Error('the policy of the page');
        }
      },
    );
    await expectAlone(/policy of the page/);
    expect(kept).toHaveBeenCalledTimes(2);
  });
});
