// A bundle for edge workers: no Node, no eval, no compiling, one file and a module that was compiled before.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Context, createContext, Script } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { createSession, type PlanRow, serializeOnnx, type Tensor } from 'halftone';
import { beforeAll, describe, expect, it } from 'vitest';
import { assets } from './assets-support.ts';
import { demo, feedsOf, int8Of, networks } from './network-support.ts';

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
    ({ code, inputs } = await bundle(worker));
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

  it('runs the worker of the README as printed', async () => {
    const readme = await readFile(
      new URL('../../../packages/backend-wasm/README.md', import.meta.url),
      'utf8',
    );
    const { code: printed } = await bundle(/```mjs\n([\s\S]*?)```/.exec(readme)![1]!);
    const graph = await int8Of(demo);
    const feeds = feedsOf(graph, 6);
    const session = await createSession(graph);
    const { logits } = await session.run(feeds);
    await session.dispose();
    const { exports } = await load(printed, serializeOnnx(graph));
    const body = (feeds['input']!.data as Float32Array).slice().buffer as ArrayBuffer;
    const answer = await exports.default!.fetch(new Request('http://worker/', { method: 'POST', body }));
    expect(await answer.json()).toEqual([...(logits!.data as Float32Array)]);
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

/** Bundles a worker as the tools of edge hosts do. */
async function bundle(contents: string): Promise<{ code: string; inputs: readonly string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'neutral',
    format: 'cjs',
    conditions: ['workerd', 'worker'],
    external: ['*.wasm', '*.onnx'],
    define: { 'import.meta.url': 'undefined' },
  });
  return { code: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
}

/** What the workers here export. */
interface Exports {
  readonly run?: (model: unknown, values: unknown, shape: readonly number[]) => Promise<Answer>;
  readonly default?: { fetch(request: Request): Promise<Response> };
}

/** Starts a bundle as an edge host does: its module comes compiled, its model as bytes. */
async function load(
  code: string,
  model: Uint8Array,
): Promise<{ exports: Exports; copy: (kind: string, from: unknown) => { readonly buffer: ArrayBuffer } }> {
  const context = contextOf();
  const run = (text: string): unknown => new Script(text).runInContext(context);
  // Arrays of the context itself.
  const copy = run('(kind, from) => new globalThis[kind](from)') as (
    kind: string,
    from: unknown,
  ) => { readonly buffer: ArrayBuffer };
  const compiled = await WebAssembly.compile((await readFile(moduleFile)) as BufferSource);
  const files = (name: string): object => ({
    __esModule: true,
    default: name.endsWith('.wasm') ? compiled : copy('Uint8Array', model).buffer,
  });
  const holder = { exports: {} as Exports };
  const start = run(`((exports, require, module) => {${code}\n})`) as (...scope: unknown[]) => void;
  start(holder.exports, files, holder);
  return { exports: holder.exports, copy };
}

async function runWorker(code: string, model: Uint8Array, { shape, data }: Tensor): Promise<Answer> {
  const { exports, copy } = await load(code, model);
  return await exports.run!(copy('Uint8Array', model), copy('Float32Array', data), shape);
}
