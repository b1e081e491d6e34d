// Whole int8 networks on the native backend: one call a run, and the reference's bits on every tier and thread count.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import native from '@halftone/backend-native';
import type { BackendProvider } from '@halftone/core';
import { createSession, type Graph, loadOnnx, quantizeStatic, type Tensor, tensor } from 'halftone';
import { describe, expect, test } from 'vitest';
import { assets } from './assets-support.ts';

const demo = fileURLToPath(new URL('../../../packages/halftone/demo/model.onnx', import.meta.url));
const model = (name: string): string => join(assets, 'models', `${name}.onnx`);
const { available } = await native.probe();

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

const configurations: readonly [label: string, options: object][] = [
  ...(native.variants ?? []).map(({ label, options }): [string, object] => [label, options]),
  ['two threads', { threads: 2 }],
];

const networks: readonly (readonly [name: string, path: string])[] = [
  ['the demo', demo],
  ...(assets === ''
    ? []
    : ['kws_dscnn_int8_qdq', 'resnet_4b', 'mobilenet_v1_0.25_224'].map(
        (name) => [name, model(name)] as const,
      )),
];

describe.skipIf(!available).each(networks)('%s', (_, path) => {
  test('has the bits of the reference on every tier and thread count', async () => {
    const graph = await int8Of(path);
    const feeds = [2, 3].map((seed) => feedsOf(graph, seed));
    const plain = await createSession(graph);
    const expected = [await plain.run(feeds[0]!), await plain.run(feeds[1]!)];
    await plain.dispose();
    for (const [label, options] of configurations) {
      const provider: BackendProvider = { ...native, create: () => native.create(options) };
      const session = await createSession(graph, { backends: [provider], exact: true });
      expect(
        session.explain().every(({ backend }) => backend === 'native'),
        label,
      ).toBe(true);
      // The first again, after another.
      for (const i of [0, 1, 0]) expect(await session.run(feeds[i]!), label).toEqual(expected[i]);
      await session.dispose();
    }
  }, 120_000);
});
