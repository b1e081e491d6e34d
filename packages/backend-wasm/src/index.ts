import type { BackendProvider } from '@halftone/core';
import { moduleFromUrl } from './modules.ts';
import { providerOf, type WasmOptions } from './provider.ts';

export type { Build } from './kernels.ts';
export type { WasmOptions } from './provider.ts';

/** WebAssembly: exact integer kernels wherever JavaScript runs. */
const wasm: BackendProvider<WasmOptions> = providerOf((name) => moduleFromUrl(name));

export default wasm;
