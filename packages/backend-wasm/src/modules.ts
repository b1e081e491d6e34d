// Where modules come from: files beside this one, a folder that the user names, or text within the code.
import { HalftoneError } from '@halftone/core';
import { mayCompile } from './features.ts';
import { builtin, pageAddress } from './host.ts';
import { stamp } from '../wasm/stamp.js';

/** Files in wasm/: how products are computed, and whether memory is shared with other threads. */
export type ModuleName = 'simd' | 'relaxed' | 'simd-threads' | 'relaxed-threads';

/** Gives a compiled module. Throws HT_UNAVAILABLE. */
export type ModuleSource = (name: ModuleName) => Promise<WebAssembly.Module>;

/** Modules in base64; none where a bundle is for a host that does not compile at run time. */
export type ModuleTexts = Readonly<Partial<Record<ModuleName, string>>>;

/** Each in full, so that bundlers see which files belong to a page. */
const places: Readonly<Record<ModuleName, () => URL>> = {
  simd: () => new URL('../wasm/simd.wasm', import.meta.url),
  relaxed: () => new URL('../wasm/relaxed.wasm', import.meta.url),
  'simd-threads': () => new URL('../wasm/simd-threads.wasm', import.meta.url),
  'relaxed-threads': () => new URL('../wasm/relaxed-threads.wasm', import.meta.url),
};

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Remembers what was compiled; what failed is tried again. */
function once(key: string, compile: () => Promise<WebAssembly.Module>): Promise<WebAssembly.Module> {
  let module = compiled.get(key);
  if (module === undefined) {
    module = compile();
    compiled.set(key, module);
    module.catch(() => compiled.delete(key));
  }
  return module;
}

/**
 * The module beside this file, or where a bundler put it. Some leave it behind, or a server answers a page instead: then
 * it comes from text, in a chunk that is loaded for that alone.
 */
export function moduleBeside(name: ModuleName): Promise<WebAssembly.Module> {
  return once(name, async () => {
    requireCompiling();
    try {
      return await compileFile(places[name]());
    } catch (missing) {
      return await import('#modules').then(
        ({ modules }) => compileText(name, modules),
        () => Promise.reject(unavailable(`${name}.wasm`, missing)),
      );
    }
  });
}

/** The module in the folder at an address. Throws HT_INVALID_ARGUMENT for what is no address. */
export function moduleIn(folder: string | URL, name: ModuleName): Promise<WebAssembly.Module> {
  const url = addressIn(folder, name);
  return once(url.href, async () => {
    requireCompiling();
    try {
      return await compileFile(url);
    } catch (cause) {
      throw unavailable(url.href, cause);
    }
  });
}

/** The module whose text is given. */
export function moduleInText(name: ModuleName, texts: ModuleTexts): Promise<WebAssembly.Module> {
  return once(`${name} in text`, async () => {
    requireCompiling();
    return await compileText(name, texts);
  });
}

async function compileText(name: ModuleName, texts: ModuleTexts): Promise<WebAssembly.Module> {
  const text = texts[name];
  if (text === undefined) throw notHere('this bundle is made for a host that does not compile modules');
  return await WebAssembly.compile(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}

function addressIn(folder: string | URL, name: ModuleName): URL {
  const href = String(folder);
  try {
    // A path of a page counts from the page.
    return new URL(`${name}.wasm`, new URL(href.endsWith('/') ? href : `${href}/`, pageAddress()));
  } catch (cause) {
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `wasmUrl is '${href}', which is no address here; give a whole one, such as new URL('wasm/', import.meta.url)`,
      { wasmUrl: href },
      { cause },
    );
  }
}

/** Whether a module is one of this package, made together with this code: kernels of other versions would read other calls. */
export function belongsHere(module: WebAssembly.Module): boolean {
  const [section] = WebAssembly.Module.customSections(module, 'halftone');
  return section !== undefined && new TextDecoder().decode(section) === stamp;
}

/** Throws a plain error where there is no module of this very version at the address. */
async function compileFile(url: URL): Promise<WebAssembly.Module> {
  const module = await compileWhatIsAt(url);
  if (!belongsHere(module)) throw new Error('the file is of another version, or of another package');
  return module;
}

async function compileWhatIsAt(url: URL): Promise<WebAssembly.Module> {
  const fs = url.protocol === 'file:' ? builtin('node:fs/promises') : undefined;
  if (fs) return await compileBytes(await fs.readFile(url));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  const type = response.headers.get('content-type');
  if (type === 'application/wasm' && typeof WebAssembly.compileStreaming === 'function')
    return await WebAssembly.compileStreaming(response);
  // A server that does not know the type says another one; one that has no such file may answer a page.
  return await compileBytes(new Uint8Array(await response.arrayBuffer()), type);
}

async function compileBytes(bytes: Uint8Array, type?: string | null): Promise<WebAssembly.Module> {
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== '\0asm')
    throw new Error(type ? `the server answers ${type}` : 'the file is no module');
  return await WebAssembly.compile(bytes as BufferSource);
}

function requireCompiling(): void {
  if (!mayCompile()) throw notHere('modules may not be compiled here');
}

function notHere(reason: string): HalftoneError {
  return new HalftoneError(
    'HT_UNAVAILABLE',
    `${reason}; a page's Content-Security-Policy allows it by 'wasm-unsafe-eval', an edge worker imports ` +
      `'@halftone/backend-wasm/wasm/simd.wasm' and gives it as option module`,
  );
}

function unavailable(place: string, cause: unknown): HalftoneError {
  return new HalftoneError(
    'HT_UNAVAILABLE',
    `no module at ${place} (${cause instanceof Error ? cause.message : String(cause)}); serve the files of this ` +
      `package's wasm/ folder and name it in wasmUrl, or import '@halftone/backend-wasm/inline'`,
    { url: place },
    { cause },
  );
}
