// Whole int8 networks on each backend: one call a run, and the reference's bits on every tier, build and thread count.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import native from '@halftone/backend-native';
import wasm from '@halftone/backend-wasm';
import type { BackendProvider } from '@halftone/core';
import { createSession, type Graph, loadOnnx, quantizeStatic, type Tensor, tensor } from 'halftone';
import { describe, expect, test } from 'vitest';
import { assets } from './assets-support.ts';

const demo = fileURLToPath(new URL('../../../packages/halftone/demo/model.onnx', import.meta.url));
const model = (name: string): string => join(assets, 'models', `${name}.onnx`);

/** Inputs that follow from a seed. */
function feedsOf({ inputs }: Graph, seed: number): Record<string, Tensor> {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
  return Object.fromEntries(
    inputs.map(({ name, shape }) => {
      const extents = (shape ?? []).map((extent) => (typeof extent === 'number' ? extent : 1));
      const size = extents.reduce((product, extent) => product * extent, 1);
      return [name, tensor('float32', Float32Array.from({ length: size }, next), extents)];
    }),
  );
}

async function int8Of(path: string): Promise<Graph> {
  const graph = await loadOnnx(path);
  if (graph.nodes.some(({ op }) => op === 'QuantizeLinear')) return graph;
  return (await quantizeStatic(graph, { calibration: [feedsOf(graph, 1)] })).model;
}

/** A backend and the configurations in which it runs here; none where it does not. */
async function configurationsOf(provider: BackendProvider): Promise<readonly (readonly [string, object])[]> {
  if (!(await provider.probe()).available) return [];
  const variants = (provider.variants ?? []).map(({ label, options }) => [label, options] as const);
  return [...variants, ['two threads', { threads: 2 }]];
}

const backends = await Promise.all(
  [native, wasm].map(async (provider) => ({ provider, configurations: await configurationsOf(provider) })),
);

const networks: readonly (readonly [name: string, path: string])[] = [
  ['the demo', demo],
  ...(assets === ''
    ? []
    : ['kws_dscnn_int8_qdq', 'resnet_4b', 'mobilenet_v1_0.25_224'].map(
        (name) => [name, model(name)] as const,
      )),
];

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
