import { type BackendProvider, deviceDriver, HalftoneError, byteSize, isExactOp } from '@halftone/core';
import { compileRegion } from './compile.ts';
import { missing } from './features.ts';
import { Heap, PAGE } from './heap.ts';
import { cores, type Thread, unshared } from './host.ts';
import type { Build, Kernels, Machine } from './kernels.ts';
import { moduleFromUrl, type ModuleName, type ModuleSource } from './modules.ts';
import { opsOf } from './ops/index.ts';
import { startThreads } from './threads.ts';

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
  /** A compiled `WebAssembly.Module`, one of this package's wasm/ folder, where modules cannot be compiled at run time. */
  readonly module?: object;
  /** Most bytes of the heap; default as many as there can be, 4 GiB. */
  readonly maxBytes?: number;
}

const MOST_THREADS = 8;
const MOST_PAGES = 65536;

/** Options with what they leave open decided. */
interface Settled {
  readonly build: Build;
  readonly threads: number;
  /** Why there is only one thread where more were wanted. */
  readonly alone?: string | undefined;
  readonly module: WebAssembly.Module;
  readonly pages: number;
}

/** Kernels in WebAssembly, of modules that `source` gives. */
export function providerOf(source: ModuleSource): BackendProvider<WasmOptions> {
  return {
    spec: 'backend/1',
    name: 'wasm',
    threads: true,
    get variants() {
      return variants();
    },
    probe: async (options = {}) => {
      try {
        return { available: true, device: deviceOf(await settle(options, source)) };
      } catch (error) {
        return { available: false, reason: error instanceof Error ? error.message : String(error) };
      }
    },
    create: async (options = {}) => {
      const settled = await settle(options, source);
      const { machine, device, end } = await start(settled);
      const { heap } = machine;
      return deviceDriver<number>({
        name: 'wasm',
        device,
        numericClass: (op) => (isExactOp(op) ? 'exact' : 'f32-ieee'),
        ops: opsOf(machine),
        compile: compileRegion(machine),
        memory: {
          allocate: (desc) => heap.allocate(byteSize(desc)),
          free: (address) => heap.free(address),
          write: (address, tensor) => heap.write(address, tensor),
          read: (address, desc) => heap.read(address, desc),
        },
        dispose: end,
      });
    },
  };
}

/** Every build that runs here, alone, and with two threads where there can be more than one. */
function variants(): NonNullable<BackendProvider<WasmOptions>['variants']> {
  const builds = (['simd', 'relaxed'] as const).filter((build) => missing(build) === undefined);
  const counts = unshared() === undefined ? [1, 2] : [1];
  return builds.flatMap((build) =>
    counts.map((threads) => ({
      label: threads === 1 ? build : `${build}, two threads`,
      options: { build, threads },
    })),
  );
}

async function settle(options: WasmOptions, source: ModuleSource): Promise<Settled> {
  const { maxBytes = MOST_PAGES * PAGE, module: given, wasmUrl } = options;
  const wanted = options.threads ?? Math.min(cores(), MOST_THREADS);
  requireNumber(
    'threads',
    wanted,
    Number.isInteger(wanted) && wanted >= 1 && wanted <= 64,
    'an integer from 1 to 64',
  );
  requireNumber(
    'maxBytes',
    maxBytes,
    maxBytes >= PAGE && maxBytes <= MOST_PAGES * PAGE,
    'from 65536 to 4294967296',
  );
  const pages = Math.floor(maxBytes / PAGE);
  if (given !== undefined) return { ...ofModule(given, wanted), pages };
  const build = options.build ?? (missing('relaxed') === undefined ? 'relaxed' : 'simd');
  requireBuild(build);
  const alone = wanted > 1 ? unshared() : undefined;
  const threads = alone === undefined ? wanted : 1;
  const name: ModuleName = threads > 1 ? `${build}-threads` : build;
  const module = wasmUrl === undefined ? await source(name) : await moduleFromUrl(name, wasmUrl);
  return { build, threads, alone, module, pages };
}

/** What a module that the user gave is made for; its exports tell. */
function ofModule(given: object, wanted: number): Omit<Settled, 'pages'> {
  if (!(given instanceof WebAssembly.Module))
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `wasm: module is not a WebAssembly.Module; import a file of '@halftone/backend-wasm/wasm/', or leave it out`,
    );
  const names = new Set(WebAssembly.Module.exports(given).map(({ name }) => name));
  const build: Build = names.has('relaxed') ? 'relaxed' : 'simd';
  requireBuild(build);
  if (!names.has('work')) return { build, threads: 1, alone: undefined, module: given };
  const alone = unshared();
  if (alone !== undefined)
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      `wasm: this module shares its memory, and ${alone}; give ${build}.wasm`,
    );
  return { build, threads: wanted, module: given };
}

function requireBuild(build: Build): void {
  if (build !== 'simd' && build !== 'relaxed')
    throw new HalftoneError('HT_INVALID_ARGUMENT', `wasm: build is ${String(build)}; it is simd or relaxed`, {
      build,
    });
  const reason = missing(build);
  if (reason !== undefined) throw new HalftoneError('HT_UNAVAILABLE', `wasm: ${reason}`, { build });
}

function requireNumber(name: string, value: number, holds: boolean, wanted: string): void {
  if (!holds)
    throw new HalftoneError('HT_INVALID_ARGUMENT', `wasm: ${name} is ${value}; ${wanted} is needed`, {
      [name]: value,
    });
}

function deviceOf({ build, threads, alone }: Pick<Settled, 'build' | 'threads' | 'alone'>): string {
  const vectors = build === 'relaxed' ? 'relaxed SIMD' : 'SIMD';
  const why = alone === undefined ? '' : ` (${alone})`;
  return `WebAssembly, ${vectors}, ${threads} thread${threads === 1 ? '' : 's'}${why}`;
}

interface Started {
  readonly machine: Machine;
  readonly device: string;
  readonly end: () => void;
}

async function start(settled: Settled): Promise<Started> {
  const { build, module, pages } = settled;
  const shared = WebAssembly.Module.exports(module).some(({ name }) => name === 'work');
  const memory = reserve(pages, shared);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = exports as unknown as Kernels;
  const heap = new Heap(memory, kernels.heapBase());
  let { threads, alone } = settled;
  let others: readonly Thread[] = [];
  if (threads > 1) {
    try {
      others = await startThreads(threads - 1, module, memory, meetingPlace(heap, kernels));
    } catch (error) {
      // A policy of the page may forbid workers of this kind.
      threads = 1;
      alone = error instanceof Error ? error.message : 'workers do not start';
    }
  }
  const machine: Machine = { kernels, heap, build, threads };
  const end = (): void => {
    if (others.length > 0) kernels.stop!();
    for (const thread of others) thread.end();
  };
  return { machine, device: deviceOf({ build, threads, alone }), end };
}

/** Words that threads meet at, all 0. */
function meetingPlace(heap: Heap, kernels: Kernels): number {
  const board = heap.allocate(64);
  heap.words.fill(0, board >>> 2, (board + 64) >>> 2);
  kernels.meetAt!(board);
  return board;
}

/** Memory that may grow to so many pages, or to fewer where the host does not set so many aside. */
function reserve(pages: number, shared: boolean): WebAssembly.Memory {
  for (let maximum = pages; ; maximum >>>= 1) {
    try {
      return new WebAssembly.Memory({ initial: 1, maximum, shared });
    } catch (cause) {
      if (maximum > 1) continue;
      throw new HalftoneError(
        'HT_OUT_OF_MEMORY',
        'wasm: the host gives no memory at all',
        { bytes: PAGE },
        { cause },
      );
    }
  }
}
