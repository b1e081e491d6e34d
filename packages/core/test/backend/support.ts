import { type BackendDriver, type BackendProvider, hostBackend, isHalftoneError } from '../../src/index.ts';

/** A backend of two ops over host memory. */
export const small: BackendProvider = hostBackend({
  name: 'small',
  device: 'test',
  numericClass: () => 'exact',
  ops: {
    lut256(_spec, io) {
      const x = io['x']!.data as Uint8Array;
      const table = io['table']!.data as Uint8Array;
      const y = io['y']!.data as Uint8Array;
      for (let i = 0; i < x.length; i++) y[i] = table[x[i]!]!;
    },
    unary: {
      supports: (spec) => spec.function === 'clamp' || { reason: 'only clamps' },
      variant: 'clamp_plain',
      numericClass: 'f32-ieee',
      run(spec, io) {
        if (spec.function !== 'clamp') throw new Error('not supported');
        const x = io['x']!.data as Float32Array;
        const y = io['y']!.data as Float32Array;
        for (let i = 0; i < x.length; i++) y[i] = Math.min(Math.max(x[i]!, spec.clamp[0]), spec.clamp[1]);
      },
    },
  },
});

/** The code that a call fails with; 'none' where it does not fail. */
export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
  } catch (error) {
    if (isHalftoneError(error)) return error.code;
    throw error;
  }
  return 'none';
}

/** What a packing driver saw. */
export interface PackLog {
  packs: number;
  packedBytes: number;
  disposedKernels: number;
  prepared: number;
  operands: string[][];
}

/** A driver whose gemm packs its weights and whose kernels only take notes. */
export function packing(log: PackLog): BackendProvider {
  return {
    spec: 'backend/1',
    name: 'packing',
    probe: async () => ({ available: true, device: 'test' }),
    async create(): Promise<BackendDriver> {
      const driver = await small.create();
      const kernel = (variant: string) => ({
        variant,
        run: (io: object) => void log.operands.push(Object.keys(io).sort()),
        dispose: () => void log.disposedKernels++,
      });
      return {
        ...driver,
        stats: () => ({ ...driver.stats(), packedBytes: log.packedBytes }),
        kernels: {
          gemm: {
            supports: () => true,
            pack(_spec, weights) {
              log.packs++;
              const bytes = weights['b']!.data.byteLength;
              log.packedBytes += bytes;
              return { layout: 'test', byteLength: bytes, dispose: () => void (log.packedBytes -= bytes) };
            },
            prepare(_spec, packed) {
              log.prepared++;
              return kernel(packed ? 'packed' : 'plain');
            },
          },
          unary: {
            supports: () => true,
            prepare() {
              log.prepared++;
              return kernel('unary');
            },
          },
        },
      };
    },
  };
}
