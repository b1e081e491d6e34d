import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type BackendProvider, openBackend } from '@halftone/core';
import { build, type BuildOptions } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import wasm, { type WasmOptions } from '../src/index.ts';
import inline from '../src/inline.ts';
import { codeOf, expectProduct } from './support.ts';

const files = new URL('../wasm/', import.meta.url);

/** Answers by the first part of the path: the files with a type, a page for everything, or nothing. */
let server: Server;
let address = '';
const folders: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, kind, ...rest] = request.url!.split('/');
    const name = rest.at(-1);
    if (kind === 'page') return void response.setHeader('content-type', 'text/html').end('<!doctype html>');
    if (kind === 'liar')
      return void response.setHeader('content-type', 'application/wasm').end('<!doctype html>');
    if (kind === 'empty') return void response.setHeader('content-type', 'application/wasm').end();
    const types: Readonly<Record<string, string>> = {
      wasm: 'application/wasm',
      charset: 'application/wasm; charset=utf-8',
      octets: 'application/octet-stream',
      text: 'text/plain',
    };
    const type = types[kind!];
    if (type === undefined) return void response.writeHead(404).end();
    readFile(new URL(name!, files)).then(
      (bytes) => response.setHeader('content-type', type).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

async function works(provider: BackendProvider<WasmOptions>, options: WasmOptions = {}): Promise<void> {
  const backend = await openBackend(provider, { threads: 1, ...options });
  await expectProduct(backend);
  await backend.dispose();
}

const entry = fileURLToPath(new URL('../dist/index.js', import.meta.url));
/** Bundles the package; gives the folder. */
async function bundle(name: string, options: BuildOptions = {}): Promise<string> {
  const outdir = await scratch();
  const input = { [name]: entry };
  await build({ entryPoints: input, bundle: true, format: 'esm', outdir, logLevel: 'silent', ...options });
  return outdir;
}
/** The provider of a bundle. */
async function load(folder: string, name: string): Promise<BackendProvider<WasmOptions>> {
  const url = pathToFileURL(join(folder, `${name}.js`));
  return ((await import(url.href)) as { default: BackendProvider<WasmOptions> }).default;
}

describe('wasmUrl', () => {
  test.each(['wasm', 'charset', 'octets', 'text'])('takes modules that a server calls %s', async (kind) => {
    await works(wasm, { wasmUrl: `${address}/${kind}` });
    await works(wasm, { wasmUrl: new URL(`${address}/${kind}/`), threads: 2 });
  });

  test('compiles while it loads, where the type allows', async () => {
    const streaming = vi.spyOn(WebAssembly, 'compileStreaming');
    await works(wasm, { wasmUrl: `${address}/wasm/streamed/` });
    expect(streaming).toHaveBeenCalledTimes(1);
    await works(wasm, { wasmUrl: `${address}/text/streamed/` });
    expect(streaming).toHaveBeenCalledTimes(1);
  });

  test('is a folder of files as well', async () => {
    await works(wasm, { wasmUrl: files });
    await works(wasm, { wasmUrl: files.href.slice(0, -1) });
  });

  test('counts from the page, where there is one', async () => {
    vi.stubGlobal('location', { href: `${address}/index.html` });
    await works(wasm, { wasmUrl: 'wasm' });
  });

  test.each(['none', 'page', 'liar', 'empty'])('of a server that answers %s is unavailable', async (kind) => {
    const options = { wasmUrl: `${address}/${kind}/`, threads: 1 };
    expect(await codeOf(() => wasm.create(options))).toBe('HT_UNAVAILABLE');
    expect(await wasm.probe(options)).toMatchObject({ available: false });
  });

  test('of nobody, of a folder without the files, of files of others is unavailable', async () => {
    const folder = await scratch();
    expect(await codeOf(() => wasm.create({ wasmUrl: pathToFileURL(folder) }))).toBe('HT_UNAVAILABLE');
    await writeFile(join(folder, 'simd.wasm'), 'text');
    expect(
      await codeOf(() => wasm.create({ wasmUrl: pathToFileURL(folder), threads: 1, build: 'simd' })),
    ).toBe('HT_UNAVAILABLE');
    const other = await scratch();
    await writeFile(join(other, 'simd.wasm'), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(
      await codeOf(() => wasm.create({ wasmUrl: pathToFileURL(other), threads: 1, build: 'simd' })),
    ).toBe('HT_UNAVAILABLE');
    expect(await codeOf(() => wasm.create({ wasmUrl: 'http://127.0.0.1:9/' }))).toBe('HT_UNAVAILABLE');
  });

  test('is asked again after it failed', async () => {
    const folder = await scratch();
    const options = { wasmUrl: pathToFileURL(folder), threads: 1, build: 'simd' } as const;
    expect(await codeOf(() => wasm.create(options))).toBe('HT_UNAVAILABLE');
    await writeFile(join(folder, 'simd.wasm'), await readFile(new URL('simd.wasm', files)));
    await works(wasm, options);
  });
});

describe('a module of another version', () => {
  /** A file whose section says other sources. */
  const older = async (name: string): Promise<Buffer> => {
    const bytes = await readFile(new URL(name, files));
    bytes[bytes.length - 1]! ^= 1;
    return bytes;
  };

  test('is refused, as a file and when it is given', async () => {
    const folder = await scratch();
    await writeFile(join(folder, 'simd.wasm'), await older('simd.wasm'));
    const options = { wasmUrl: pathToFileURL(folder), threads: 1, build: 'simd' } as const;
    expect(await codeOf(() => wasm.create(options))).toBe('HT_UNAVAILABLE');
    const module = await WebAssembly.compile((await older('simd.wasm')) as BufferSource);
    expect(await codeOf(() => wasm.create({ module }))).toBe('HT_INVALID_ARGUMENT');
  });

  test('where a bundle looks for its own is passed over', async () => {
    const folder = await bundle('code/stale');
    await mkdir(join(folder, 'wasm'));
    for (const name of ['simd.wasm', 'relaxed.wasm'])
      await writeFile(join(folder, 'wasm', name), await older(name));
    await works(await load(folder, 'code/stale'));
  });
});

describe('where modules may not be compiled', () => {
  test('every form that compiles is unavailable, and a compiled module works', async () => {
    const module = await WebAssembly.compile((await readFile(new URL('simd.wasm', files))) as BufferSource);
    vi.resetModules();
    const { Module } = WebAssembly;
    const refuse = (): never => {
      throw new WebAssembly.CompileError('not allowed');
    };
    vi.stubGlobal('WebAssembly', {
      ...Object.fromEntries(
        Object.getOwnPropertyNames(WebAssembly).map((name) => [
          name,
          Reflect.get(WebAssembly, name) as unknown,
        ]),
      ),
      compile: refuse,
      compileStreaming: refuse,
      Module: Object.assign(
        function refused() {
          refuse();
        },
        {
          exports: (given: WebAssembly.Module) => Module.exports(given),
          customSections: (given: WebAssembly.Module, name: string) => Module.customSections(given, name),
        },
      ),
    });
    const { default: strict } = await import('../src/index.ts');
    const { default: strictInline } = await import('../src/inline.ts');
    for (const provider of [strict, strictInline])
      expect(await codeOf(() => provider.create())).toBe('HT_UNAVAILABLE');
    expect(await codeOf(() => strict.create({ wasmUrl: files }))).toBe('HT_UNAVAILABLE');
    await works(strict, { module });
  });
});

describe('the inlined form', () => {
  test('has the very modules, and the same variants', async () => {
    const { modules } = (await import(new URL('inline.js', files).href)) as {
      modules: Readonly<Record<string, string>>;
    };
    const names = (await readdir(files)).filter((name) => name.endsWith('.wasm'));
    expect(Object.keys(modules).map((name) => `${name}.wasm`)).toEqual(expect.arrayContaining(names));
    for (const name of names)
      expect(modules[name.replace('.wasm', '')], name).toBe(
        (await readFile(new URL(name, files))).toString('base64'),
      );
    expect(inline.variants).toEqual(wasm.variants);
  });

  test('gives the same integers, and says the same device', async () => {
    for (const { options } of inline.variants!) {
      expect(await inline.probe(options)).toEqual(await wasm.probe(options));
      await works(inline, options);
    }
  });
});

describe('a bundle', () => {
  test('that leaves the files behind works all the same', async () => {
    const folder = await bundle('one-file');
    expect(await readdir(folder)).toEqual(['one-file.js']);
    await works(await load(folder, 'one-file'));
    await works(await load(folder, 'one-file'), { threads: 2 });
  });

  test('that is served by a server which answers a page instead works, too', async () => {
    const define = { 'import.meta.url': JSON.stringify(`${address}/page/assets/index.js`) };
    await works(await load(await bundle('served', { define }), 'served'));
    // Some hosts give code no address at all.
    const none = await bundle('nowhere', { define: { 'import.meta.url': 'undefined' } });
    await works(await load(none, 'nowhere'));
  });

  test('in chunks has the text in one that is loaded when it is needed', async () => {
    const folder = await bundle('chunks', { splitting: true });
    const sizes = await Promise.all(
      (await readdir(folder)).map(async (name) =>
        (await readFile(join(folder, name), 'utf8')).includes('AGFzbQ'),
      ),
    );
    expect(sizes.filter(Boolean)).toHaveLength(1);
    expect(await readFile(join(folder, 'chunks.js'), 'utf8')).not.toContain('AGFzbQ');
    await works(await load(folder, 'chunks'));
  });

  test('that lost its chunks as well is unavailable', async () => {
    const lost = await load(await bundle('lost', { external: ['#modules'] }), 'lost');
    expect(await codeOf(() => lost.create())).toBe('HT_UNAVAILABLE');
    expect(await lost.probe()).toMatchObject({ available: false });
    await works(lost, { wasmUrl: files });
  });

  test.each(['workerd', 'edge-light'])('for %s holds no text, and says what it wants', async (condition) => {
    const folder = await bundle('edge', { conditions: [condition] });
    expect(await readFile(join(folder, 'edge.js'), 'utf8')).not.toContain('AGFzbQ');
    const edge = await load(folder, 'edge');
    expect(await codeOf(() => edge.create())).toBe('HT_UNAVAILABLE');
    await works(edge, {
      module: await WebAssembly.compile((await readFile(new URL('simd.wasm', files))) as BufferSource),
    });
  });
});

async function scratch(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'halftone-wasm-'));
  folders.push(folder);
  return folder;
}
