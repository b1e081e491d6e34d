import type { BackendProvider } from '@halftone/core';
import { moduleBeside } from './modules.ts';
import { providerOf } from './provider.ts';
import type { WasmOptions } from './settle.ts';

export type { Build } from './kernels.ts';
export type { WasmOptions } from './settle.ts';

/** WebAssembly: exact integer kernels wherever JavaScript runs. */
const wasm: BackendProvider<WasmOptions> = providerOf(moduleBeside);

export default wasm;
