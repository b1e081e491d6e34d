import { modules } from '#modules';
import type { BackendProvider } from '@halftone/core';
import { moduleInText } from './modules.ts';
import { providerOf } from './provider.ts';
import type { WasmOptions } from './settle.ts';

export type { Build } from './kernels.ts';
export type { WasmOptions } from './settle.ts';

/** The same backend with its modules inside the code, for bundles of one file. */
const wasm: BackendProvider<WasmOptions> = providerOf((name) => moduleInText(name, modules));

export default wasm;
