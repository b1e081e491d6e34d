import { type BackendProvider, hostBackend, type HostIO, type OpSpecs } from '@halftone/core';
import { casesFor, type Contestant } from '../src/index.ts';
import type { Case } from '@halftone/conformance';

/** Busy for so many milliseconds. */
export function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A backend of `lut256` that takes the time it is given, and changes its results as it is told. */
export function tableBackend(
  name: string,
  { ms = 0, spoil = () => {} }: { ms?: number; spoil?: (y: Uint8Array, run: number) => void } = {},
): BackendProvider {
  let run = 0;
  return hostBackend({
    name,
    device: 'a test',
    numericClass: () => 'exact',
    ops: {
      lut256: {
        variant: 'lut256_test',
        supports: ({ from }: OpSpecs['lut256']) => from === 'uint8' || { reason: 'bytes alone' },
        run(_spec, io: HostIO) {
          const [x, table, y] = [io['x']!.data, io['table']!.data, io['y']!.data] as Uint8Array[];
          for (let i = 0; i < x!.length; i++) y![i] = table![x![i]!]!;
          spoil(y!, run++);
          spin(ms);
        },
      },
    },
  });
}

export function contestant(provider: BackendProvider, kind: Contestant['kind'] = 'backend'): Contestant {
  return { id: provider.name, kind, threads: 1, provider };
}

/** One small case of tables. */
export const smallCase: Case = casesFor({ filter: /^lut256\/.*u8/ })[0]!;
