import { modules } from '#modules';
import type { BackendProvider } from '@halftone/core';
import type { ModuleName } from './modules.ts';
import { providerOf, type WasmOptions } from './provider.ts';

export type { Build } from './kernels.ts';
export type { WasmOptions } from './provider.ts';

const compiled = new Map<ModuleName, Promise<WebAssembly.Module>>();

/** The same backend with its modules inside the code, for bundles of one file. */
const wasm: BackendProvider<WasmOptions> = providerOf((name) => {
  let module = compiled.get(name);
  if (module === undefined) {
    const bytes = Uint8Array.from(atob(modules[name]), (character) => character.charCodeAt(0));
    compiled.set(name, (module = WebAssembly.compile(bytes)));
  }
  return module;
});

export default wasm;
