import type { Contestant } from '@halftone/bench';
import type { BackendProvider } from '@halftone/core';
import { backendByName, knownBackends } from '../backends.ts';
import { withThreads } from './peers.ts';

/** Backends to time: those that were named, else every one that is installed; each with each number of threads that it has. */
export async function findBackends(
  names: readonly string[] | undefined,
  threadCounts: readonly number[],
): Promise<readonly Contestant[]> {
  const providers = names ? await Promise.all(names.map(backendByName)) : await installed();
  return providers.flatMap((provider) => contestantsOf(provider, threadCounts));
}

async function installed(): Promise<readonly BackendProvider[]> {
  const known = await knownBackends();
  return known.flatMap(({ provider }) => provider ?? []);
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
