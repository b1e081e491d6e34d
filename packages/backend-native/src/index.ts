import { availableParallelism } from 'node:os';
import { type BackendProvider, HalftoneError, hostDriver, isExactOp } from '@halftone/core';
import { compileRegion } from './compile.ts';
import { loadAddon } from './load.ts';
import { memoryOf } from './memory.ts';
import { opsOf } from './ops/index.ts';

/** Kernel tiers; on one architecture a later one is the better. */
export type Isa = 'scalar' | 'avx2' | 'avxvnni' | 'avx512vnni' | 'amx' | 'neon' | 'dotprod';

export interface NativeOptions {
  /** The best tier to use; default that of HALFTONE_ISA, else the best that the CPU has. */
  readonly isa?: Isa;
  /** Threads that kernels may use, the calling one among them; default one a core. */
  readonly threads?: number;
}

/** The CPU's own instructions: C++ kernels, chosen by what the CPU has. */
const native: BackendProvider<NativeOptions> = {
  spec: 'backend/1',
  name: 'native',
  threads: true,
  get variants() {
    return variants();
  },
  probe: async (options = {}) => {
    try {
      const { isa, threads } = settled(options);
      return { available: true, device: `CPU, ${isa}, ${threads} thread${threads === 1 ? '' : 's'}` };
    } catch (error) {
      return { available: false, reason: error instanceof Error ? error.message : String(error) };
    }
  },
  create: async (options = {}) => {
    const addon = loadAddon();
    const { isa, threads } = settled(options);
    const engine = new addon.Engine(isa, threads);
    return hostDriver({
      name: 'native',
      device: `CPU, ${isa}, ${threads} thread${threads === 1 ? '' : 's'}`,
      numericClass: (op) => (isExactOp(op) ? 'exact' : 'f32-ieee'),
      ops: opsOf(addon, engine),
      memory: memoryOf(addon),
      compile: compileRegion(addon, engine),
      dispose: () => engine.close(),
    });
  },
};

/** Options with what they leave open decided. Throws HT_UNAVAILABLE for a tier that does not run here. */
function settled({ isa, threads }: NativeOptions): { readonly isa: string; readonly threads: number } {
  const here = loadAddon().isas();
  const wanted = isa ?? (process.env['HALFTONE_ISA'] || here.at(-1)!);
  if (!here.includes(wanted))
    throw new HalftoneError(
      'HT_UNAVAILABLE',
      `isa ${wanted} does not run on this CPU; it has ${here.join(', ')}`,
      { isa: wanted, here },
    );
  const count = threads ?? availableParallelism();
  if (!Number.isInteger(count) || count < 1 || count > 1024)
    throw new HalftoneError(
      'HT_INVALID_ARGUMENT',
      `threads is ${count}; an integer from 1 to 1024 is needed`,
      {
        threads: count,
      },
    );
  return { isa: wanted, threads: count };
}

/** Every tier of this machine alone, and the best one with more threads. */
function variants(): NonNullable<BackendProvider<NativeOptions>['variants']> {
  let here: readonly string[];
  try {
    here = loadAddon().isas();
  } catch {
    return [];
  }
  const tiers = here.map((isa) => ({ label: isa, options: { isa: isa as Isa, threads: 1 } }));
  return [...tiers, { label: 'three threads', options: { threads: 3 } }];
}

export default native;
