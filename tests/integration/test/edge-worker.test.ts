// A bundle for edge workers: no Node, no eval, no compiling, one file and a module that was compiled before.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Context, createContext, Script } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { createSession, type PlanRow, serializeOnnx, type Tensor } from 'halftone';
import { beforeAll, describe, expect, it } from 'vitest';
import { assets } from './assets-support.ts';
import { feedsOf, int8Of, networks } from './network-support.ts';

/** As a user writes a worker. */
const worker = `
import { openBackend, tensor } from '@halftone/core';
import { GraphSession } from '@halftone/graph';
import { parseOnnx } from '@halftone/onnx';
import wasm from '@halftone/backend-wasm';
import module from '@halftone/backend-wasm/wasm/simd.wasm';

export async function run(model, values, shape) {
  const backend = await openBackend(wasm, { module });
  const session = new GraphSession(parseOnnx(model), { backends: [backend] });
  const results = await session.run({ [session.inputNames[0]]: tensor('float32', values, shape) });
  return { results, rows: session.explain(), device: backend.device };
}`;

/** Most bytes of the bundle and its module, gzipped. */
const MOST_BYTES = 150_000;

const moduleFile = fileURLToPath(import.meta.resolve('@halftone/backend-wasm/wasm/simd.wasm'));

describe('an edge worker', () => {
  let code = '';
  let inputs: readonly string[] = [];
  beforeAll(async () => {
    const { outputFiles, metafile } = await build({
      stdin: { contents: worker, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
      bundle: true,
      minify: true,
      write: false,
      metafile: true,
      platform: 'neutral',
      format: 'cjs',
      // What the tools of edge workers set.
      conditions: ['workerd', 'worker'],
      external: ['*.wasm'],
      define: { 'import.meta.url': 'undefined' },
    });
    code = outputFiles[0]!.text;
    inputs = Object.keys(metafile.inputs);
  });

  it('is small, and has nothing of Node in it', async () => {
    const bytes =
      gzipSync(code, { level: 9 }).length + gzipSync(await readFile(moduleFile), { level: 9 }).length;
    console.log(`edge worker: ${bytes} bytes gzipped, of ${MOST_BYTES}`);
    expect(bytes).toBeLessThan(MOST_BYTES);
    expect(code.match(/require\("[^"]*"\)/g)).toEqual(['require("@halftone/backend-wasm/wasm/simd.wasm")']);
    expect(inputs.filter((path) => /files-node|backend-reference|inline\.js/.test(path))).toEqual([]);
  });

  it('cannot evaluate text or compile modules where it runs', async () => {
    const context = contextOf();
    expect(() => new Script('eval("1")').runInContext(context)).toThrow(/Code generation/);
    const bytes = await readFile(moduleFile);
    const compile = new Script('(bytes) => new WebAssembly.Module(new Uint8Array(bytes))').runInContext(
      context,
    ) as (bytes: Uint8Array) => object;
    expect(() => compile(bytes)).toThrow(/disallowed/);
  });

  it.each(networks)('runs %s to the integers of the reference', async (_, path) => {
    const graph = await int8Of(path);
    const feeds = feedsOf(graph, 5);
    const session = await createSession(graph);
    const expected = await session.run(feeds);
    await session.dispose();
    const { results, rows, device } = await runWorker(code, serializeOnnx(graph), Object.values(feeds)[0]!);
    expect(device).toBe('WebAssembly, SIMD, 1 thread');
    expect(rows.filter(({ backend }) => backend !== 'wasm')).toEqual([]);
    expect(Object.keys(results)).toEqual(Object.keys(expected));
    for (const [name, { dtype, shape, data }] of Object.entries(expected))
      expect({ ...results[name], data: Array.from(results[name]!.data, Number) }).toEqual({
        dtype,
        shape,
        data: Array.from(data, Number),
      });
  });

  if (assets === '') it.skip('runs an int8 MobileNet: HALFTONE_ASSETS is not set', () => {});
});

/** What workers have in common with pages, and nothing of Node. */
function contextOf(): Context {
  const names =
    'AbortController AbortSignal Blob CompressionStream DecompressionStream Event EventTarget Headers ReadableStream ' +
    'Request Response TextDecoder TextEncoder URL URLSearchParams atob btoa clearTimeout crypto fetch performance ' +
    'queueMicrotask setTimeout structuredClone';
  const globals = Object.fromEntries(
    names.split(' ').map((name) => [name, (globalThis as unknown as Record<string, unknown>)[name]]),
  );
  return createContext(globals, { codeGeneration: { strings: false, wasm: false } });
}

interface Answer {
  readonly results: Readonly<Record<string, Tensor>>;
  readonly rows: readonly PlanRow[];
  readonly device: string;
}

/** Runs the bundle as an edge host does: its module comes compiled. */
async function runWorker(code: string, model: Uint8Array, { shape, data }: Tensor): Promise<Answer> {
  const context = contextOf();
  const start = new Script(`((exports, require, module) => {${code}\n})`).runInContext(context) as (
    ...scope: unknown[]
  ) => void;
  const compiled = await WebAssembly.compile(await readFile(moduleFile));
  const holder = { exports: {} as { run?: (...values: unknown[]) => Promise<Answer> } };
  start(holder.exports, () => ({ __esModule: true, default: compiled }), holder);
  // Arrays of the context itself.
  const copy = new Script('(kind, from) => new globalThis[kind](from)').runInContext(context) as (
    ...values: unknown[]
  ) => unknown;
  return await holder.exports.run!(copy('Uint8Array', model), copy('Float32Array', data), shape);
}
