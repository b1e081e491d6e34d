import { type BackendProvider, byteSize, deviceDriver, HalftoneError, isExactOp } from '@halftone/core';
import { compileRegion } from './compile.ts';
import { missing } from './features.ts';
import { Heap, PAGE } from './heap.ts';
import { type Thread, unshared } from './host.ts';
import type { Kernels, Machine } from './kernels.ts';
import type { ModuleSource } from './modules.ts';
import { opsOf } from './ops/index.ts';
import { deviceOf, settle, type Settled, type WasmOptions } from './settle.ts';
import { startThreads } from './threads.ts';

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
      const { machine, device, end } = await start(await settle(options, source));
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

interface Started {
  readonly machine: Machine;
  readonly device: string;
  readonly end: () => void;
}

async function start({ build, module, pages, shared, ...wanted }: Settled): Promise<Started> {
  const memory = reserve(pages, shared);
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  const kernels = exports as unknown as Kernels;
  const heap = new Heap(memory, kernels.heapBase());
  let { threads, alone } = wanted;
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
        'the host gives no memory at all',
        { bytes: PAGE },
        { cause },
      );
    }
  }
}
