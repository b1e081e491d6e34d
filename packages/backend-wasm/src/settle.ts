// Options with what they leave open decided: which module, how many threads, how much memory.
import { HalftoneError } from '@halftone/core';
import { missing } from './features.ts';
import { PAGE } from './heap.ts';
import { cores, unshared } from './host.ts';
import type { Build } from './kernels.ts';
import { belongsHere, moduleIn, type ModuleName, type ModuleSource } from './modules.ts';

export interface WasmOptions {
  /** How kernels compute products; default `relaxed` where it is exact, which is asked, else `simd`. */
  readonly build?: Build;
  /**
   * Threads that kernels may use, the calling one among them; default one a core, at most 8. Where memory cannot be shared,
   * such as in a page that is not cross-origin isolated, there is one, and the device says why.
   */
  readonly threads?: number;
  /** The folder that has the modules, where they do not stand beside this package's code. */
  readonly wasmUrl?: string | URL;
  /**
   * A compiled `WebAssembly.Module`, one of this package's wasm/ folder, where modules cannot be compiled at run time. It
   * says by itself which build it is and whether it has threads.
   */
  readonly module?: object;
  /** Most bytes of the heap, from 65536; default as many as there can be, 4 GiB. */
  readonly maxBytes?: number;
}

const DEFAULT_THREADS = 8;
const MOST_THREADS = 64;
const MOST_PAGES = 65536;

/** What an instance is made of. */
export interface Settled {
  readonly build: Build;
  readonly threads: number;
  /** Why there is only one thread where more were wanted. */
  readonly alone?: string | undefined;
  readonly module: WebAssembly.Module;
  /** Whether the module's memory is shared. */
  readonly shared: boolean;
  readonly pages: number;
}

/** Throws HT_INVALID_ARGUMENT for options that make no sense anywhere, HT_UNAVAILABLE for those that do not here. */
export async function settle(options: WasmOptions, source: ModuleSource): Promise<Settled> {
  const { build, maxBytes = MOST_PAGES * PAGE, module, wasmUrl } = options;
  const threads = options.threads ?? Math.min(cores(), DEFAULT_THREADS);
  requireOption(
    'build',
    build,
    build === undefined || build === 'simd' || build === 'relaxed',
    'simd or relaxed',
  );
  requireOption(
    'threads',
    threads,
    Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS,
    `an integer from 1 to ${MOST_THREADS}`,
  );
  requireOption(
    'maxBytes',
    maxBytes,
    typeof maxBytes === 'number' && maxBytes >= PAGE && maxBytes <= MOST_PAGES * PAGE,
    `a number from ${PAGE} to ${MOST_PAGES * PAGE}`,
  );
  requireOption(
    'wasmUrl',
    wasmUrl,
    wasmUrl === undefined || typeof wasmUrl === 'string' || wasmUrl instanceof URL,
    'a string or a URL',
  );
  const pages = Math.floor(maxBytes / PAGE);
  if (module !== undefined) return { ...ofModule(module, options, threads), pages };
  const chosen = build ?? (missing('relaxed') === undefined ? 'relaxed' : 'simd');
  requireBuild(chosen);
  const alone = threads > 1 ? unshared() : undefined;
  const shared = threads > 1 && alone === undefined;
  const name: ModuleName = shared ? `${chosen}-threads` : chosen;
  const loaded = wasmUrl === undefined ? await source(name) : await moduleIn(wasmUrl, name);
  return { build: chosen, threads: shared ? threads : 1, alone, module: loaded, shared, pages };
}

/** What a module that the user gave is made for; its exports tell. */
function ofModule(given: object, { build, wasmUrl }: WasmOptions, threads: number): Omit<Settled, 'pages'> {
  requireOption(
    'module',
    given,
    isOurs(given),
    `a WebAssembly.Module of this version's '@halftone/backend-wasm/wasm/'`,
  );
  const names = new Set(WebAssembly.Module.exports(given).map(({ name }) => name));
  requireOption('wasmUrl', wasmUrl, wasmUrl === undefined, 'none where module is given');
  const own: Build = names.has('relaxed') ? 'relaxed' : 'simd';
  requireOption(
    'build',
    build,
    build === undefined || build === own,
    `none where module is given, which is ${own}`,
  );
  requireBuild(own);
  if (!names.has('work')) {
    const alone = threads > 1 ? 'the module that was given is for one thread' : undefined;
    return { build: own, threads: 1, alone, module: given, shared: false };
  }
  const alone = unshared();
  if (alone !== undefined)
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      `this module shares its memory, and ${alone}; give ${own}.wasm`,
    );
  return { build: own, threads, module: given, shared: true };
}

/** Whether something is a module of this package, in whichever realm it was made. */
function isOurs(given: object): given is WebAssembly.Module {
  try {
    return belongsHere(given as WebAssembly.Module);
  } catch {
    return false;
  }
}

function requireBuild(build: Build): void {
  const reason = missing(build);
  if (reason !== undefined) throw new HalftoneError('HT_UNAVAILABLE', `${reason}`, { build });
}

function requireOption(name: string, value: unknown, holds: boolean, wanted: string): asserts holds {
  if (!holds)
    throw new HalftoneError('HT_INVALID_ARGUMENT', `${name} is ${String(value)}; ${wanted} is needed`, {
      [name]: String(value),
    });
}

/** What runs kernels, in words. */
export function deviceOf({ build, threads, alone }: Pick<Settled, 'build' | 'threads' | 'alone'>): string {
  const vectors = build === 'relaxed' ? 'relaxed SIMD' : 'SIMD';
  const why = alone === undefined ? '' : ` (${alone})`;
  return `WebAssembly, ${vectors}, ${threads} thread${threads === 1 ? '' : 's'}${why}`;
}
