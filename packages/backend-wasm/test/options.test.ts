import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { openBackend } from '@halftone/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import wasm, { type WasmOptions } from '../src/index.ts';
import { codeOf, expectProduct, room } from './support.ts';

const folder = new URL('../wasm/', import.meta.url);

async function fileOf(name: string): Promise<WebAssembly.Module> {
  return await WebAssembly.compile((await readFile(new URL(`${name}.wasm`, folder))) as BufferSource);
}

/** Hides parts of Node, as a page lacks them. */
function hide(...hidden: string[]): void {
  const real = process.getBuiltinModule.bind(process);
  vi.spyOn(process, 'getBuiltinModule').mockImplementation(((name: string) =>
    hidden.includes(name) ? undefined : real(name)) as typeof process.getBuiltinModule);
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A module of nothing. */
const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

describe('options', () => {
  const wrong: readonly (readonly [string, () => Promise<object>])[] = [
    ['threads: 0', async () => ({ threads: 0 })],
    ['threads: 1.5', async () => ({ threads: 1.5 })],
    ['threads: 65', async () => ({ threads: 65 })],
    ['threads: text', async () => ({ threads: '2' })],
    ['maxBytes: 65535', async () => ({ maxBytes: 65535 })],
    ['maxBytes: more than 4 GiB', async () => ({ maxBytes: 2 ** 32 + 1 })],
    ['maxBytes: NaN', async () => ({ maxBytes: Number.NaN })],
    ['maxBytes: text', async () => ({ maxBytes: '100000' })],
    ['build: unknown', async () => ({ build: 'scalar' })],
    ['wasmUrl: a number', async () => ({ wasmUrl: 7 })],
    ['wasmUrl: a path, where there is no page', async () => ({ wasmUrl: '/wasm/' })],
    ['module: an object', async () => ({ module: {} })],
    ['module: null', async () => ({ module: null })],
    ['module: bytes', async () => ({ module: await readFile(new URL('simd.wasm', folder)) })],
    ['module: of another package', async () => ({ module: new WebAssembly.Module(empty) })],
    ['module and wasmUrl', async () => ({ module: await fileOf('simd'), wasmUrl: folder })],
    ['module and another build', async () => ({ module: await fileOf('simd'), build: 'relaxed' })],
  ];
  test.each(wrong)('%s is refused', async (_, options) => {
    const given = await options();
    expect(await codeOf(() => wasm.create(given))).toBe('HT_INVALID_ARGUMENT');
    expect(await wasm.probe(given)).toMatchObject({ available: false });
  });

  test('a module says which build it is, and how many threads it takes', async () => {
    const one = await openBackend(wasm, { module: await fileOf('simd'), threads: 2 });
    expect(one.device).toMatch(/^WebAssembly, SIMD, 1 thread \(/);
    await expectProduct(one);
    await one.dispose();
    const two = await openBackend(wasm, { module: await fileOf('simd-threads'), threads: 2 });
    expect(two.device).toBe('WebAssembly, SIMD, 2 threads');
    await expectProduct(two);
    await two.dispose();
  });

  test('a module with threads runs on one alone', async () => {
    const backend = await openBackend(wasm, { module: await fileOf('simd-threads'), threads: 1 });
    expect(backend.device).toBe('WebAssembly, SIMD, 1 thread');
    await expectProduct(backend);
    await backend.dispose();
  });

  test('a module of another realm is one too', async () => {
    const bytes = await readFile(new URL('simd.wasm', folder));
    const module = runInNewContext('new WebAssembly.Module(bytes)', { bytes }) as object;
    expect(module instanceof WebAssembly.Module).toBe(false);
    const backend = await openBackend(wasm, { module });
    await expectProduct(backend);
    await backend.dispose();
  });

  test('a build that does not run here is unavailable', async () => {
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    expect(await codeOf(() => wasm.create({ build: 'simd' }))).toBe('HT_UNAVAILABLE');
    expect(await wasm.probe()).toMatchObject({ available: false });
    expect(wasm.variants).toEqual([]);
  });

  test('no WebAssembly at all is unavailable', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(await codeOf(() => wasm.create())).toBe('HT_UNAVAILABLE');
    expect(await wasm.probe()).toMatchObject({ available: false });
  });

  test('maxBytes is where the heap ends', async () => {
    for (const maxBytes of [1 << 20, (1 << 20) + 65535]) {
      const backend = await openBackend(wasm, { threads: 1, maxBytes });
      expect(room(backend)).toBeGreaterThan(900_000);
      expect(room(backend)).toBeLessThan(1 << 20);
      await backend.dispose();
    }
  });
});

describe('where memory is not shared', () => {
  const ask = async (options?: WasmOptions): Promise<string> => {
    const backend = await openBackend(wasm, options);
    await expectProduct(backend);
    await backend.dispose();
    return backend.device;
  };

  test('there is one thread, and the device says why', async () => {
    hide('node:worker_threads');
    vi.stubGlobal('Worker', undefined);
    const device = await ask({ threads: 4 });
    expect(device).toMatch(/1 thread \(.+\)$/);
    vi.stubGlobal('Worker', class {});
    vi.stubGlobal('crossOriginIsolated', false);
    const other = await ask({ threads: 4 });
    expect(other).toMatch(/1 thread \(.+\)$/);
    expect(other).not.toBe(device);
    expect(wasm.variants!.map(({ options }) => options.threads)).not.toContain(2);
  });

  test('who asks for one thread is told nothing', async () => {
    hide('node:worker_threads');
    expect(await ask({ threads: 1 })).toMatch(/1 thread$/);
  });

  test('a module that shares its memory is refused', async () => {
    hide('node:worker_threads');
    const module = await fileOf('simd-threads');
    expect(await codeOf(() => wasm.create({ module }))).toBe('HT_UNAVAILABLE');
  });
});
