// Whole int8 networks on each backend: one call a run, and the reference's bits on every tier, build and thread count.
import native from '@halftone/backend-native';
import wasm from '@halftone/backend-wasm';
import type { BackendProvider } from '@halftone/core';
import { createSession } from 'halftone';
import { describe, expect, test } from 'vitest';
import { feedsOf, int8Of, networks } from './network-support.ts';

/** A backend and the configurations in which it runs here; none where it does not. */
async function configurationsOf(provider: BackendProvider): Promise<readonly (readonly [string, object])[]> {
  if (!(await provider.probe()).available) return [];
  const variants = (provider.variants ?? []).map(({ label, options }) => [label, options] as const);
  return [...variants, ['two threads', { threads: 2 }]];
}

const backends = await Promise.all(
  [native, wasm].map(async (provider) => ({ provider, configurations: await configurationsOf(provider) })),
);

describe.each(networks)('%s', (_, path) => {
  const expected = (async () => {
    const graph = await int8Of(path);
    const feeds = [2, 3].map((seed) => feedsOf(graph, seed));
    const plain = await createSession(graph);
    const outputs = [await plain.run(feeds[0]!), await plain.run(feeds[1]!)];
    await plain.dispose();
    return { graph, feeds, outputs };
  })();

  for (const { provider, configurations } of backends) {
    test.skipIf(configurations.length === 0)(
      `has the bits of the reference on ${provider.name}, in every configuration`,
      async () => {
        const { graph, feeds, outputs } = await expected;
        for (const [label, options] of configurations) {
          const configured: BackendProvider = { ...provider, create: () => provider.create(options) };
          const session = await createSession(graph, { backends: [configured], exact: true });
          expect(
            session.explain().every(({ backend }) => backend === provider.name),
            label,
          ).toBe(true);
          // The first again, after another.
          for (const i of [0, 1, 0]) expect(await session.run(feeds[i]!), label).toEqual(outputs[i]);
          await session.dispose();
        }
      },
      120_000,
    );
  }
});
