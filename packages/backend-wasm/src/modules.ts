// Where modules come from: files beside this one, a folder that the user names, or a module that a bundler gave.
import { HalftoneError } from '@halftone/core';
import { builtin, pageAddress } from './host.ts';

/** Files in wasm/: how products are computed, and whether memory is shared with other threads. */
export type ModuleName = 'simd' | 'relaxed' | 'simd-threads' | 'relaxed-threads';

/** Gives a compiled module. Throws HT_UNAVAILABLE. */
export type ModuleSource = (name: ModuleName) => Promise<WebAssembly.Module>;

/** Each in full, so that bundlers see which files belong to a page. */
const places: Readonly<Record<ModuleName, () => URL>> = {
  simd: () => new URL('../wasm/simd.wasm', import.meta.url),
  relaxed: () => new URL('../wasm/relaxed.wasm', import.meta.url),
  'simd-threads': () => new URL('../wasm/simd-threads.wasm', import.meta.url),
  'relaxed-threads': () => new URL('../wasm/relaxed-threads.wasm', import.meta.url),
};

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** The module beside this file, or in a folder at `base`. */
export function moduleFromUrl(name: ModuleName, base?: string | URL): Promise<WebAssembly.Module> {
  const url = base === undefined ? places[name]() : new URL(`${name}.wasm`, folder(base));
  let module = compiled.get(url.href);
  if (module === undefined) {
    module = compile(url);
    compiled.set(url.href, module);
    // What failed may be there the next time.
    module.catch(() => compiled.delete(url.href));
  }
  return module;
}

function folder(base: string | URL): URL {
  const href = String(base);
  // A path of a page counts from the page.
  return new URL(href.endsWith('/') ? href : `${href}/`, pageAddress());
}

async function compile(url: URL): Promise<WebAssembly.Module> {
  try {
    const fs = url.protocol === 'file:' ? builtin('node:fs/promises') : undefined;
    if (fs) return await WebAssembly.compile((await fs.readFile(url)) as BufferSource);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`the server answers ${response.status}`);
    // A server that does not know the type says another one, which streaming refuses.
    if (response.headers.get('content-type')?.startsWith('application/wasm'))
      return await WebAssembly.compileStreaming(response);
    return await WebAssembly.compile(await response.arrayBuffer());
  } catch (cause) {
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      `wasm: no module at ${url.href} (${cause instanceof Error ? cause.message : String(cause)}); serve the files of this ` +
        `package's wasm/ folder and name it in wasmUrl, or import '@halftone/backend-wasm/inline'`,
      { url: url.href },
      { cause },
    );
  }
}
