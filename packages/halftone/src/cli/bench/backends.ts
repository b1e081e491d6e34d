import type { Contestant } from '@halftone/bench';
import type { BackendProvider } from '@halftone/core';
import { backendByName, knownBackends } from '../backends.ts';
import type { Absent, Found } from './found.ts';
import { withThreads } from './peers.ts';

/** Backends to time: those that were named, else every one that is installed; each with each number of threads that it has. */
export async function findBackends(
  names: readonly string[] | undefined,
  threadCounts: readonly number[],
): Promise<Found> {
  if (names) {
    const providers = await Promise.all(names.map(backendByName));
    return {
      contestants: providers.flatMap((provider) => contestantsOf(provider, threadCounts)),
      absent: [],
    };
  }
  const contestants: Contestant[] = [];
  const absent: Absent[] = [];
  for (const { name, provider, installed, missing } of await knownBackends()) {
    if (provider) contestants.push(...contestantsOf(provider, threadCounts));
    else if (installed) absent.push({ id: name, kind: 'backend', reason: missing ?? 'it does not load' });
  }
  return { contestants, absent };
}

function contestantsOf(provider: BackendProvider, threadCounts: readonly number[]): readonly Contestant[] {
  const { name } = provider;
  if (!provider.threads) return [{ id: name, kind: 'backend', threads: 1, provider }];
  return threadCounts.map((threads) => ({
    id: withThreads(name, threads),
    kind: 'backend',
    threads,
    provider,
    options: { threads },
  }));
}
