// Networks that stand in the repository or in HALFTONE_ASSETS, as int8, and what they are fed with.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Graph, loadOnnx, quantizeStatic, type Tensor, tensor } from 'halftone';
import { assets } from './assets-support.ts';

export const demo: string = fileURLToPath(
  new URL('../../../packages/halftone/demo/model.onnx', import.meta.url),
);
const model = (name: string): string => join(assets, 'models', `${name}.onnx`);

/** Inputs that follow from a seed. */
export function feedsOf({ inputs }: Graph, seed: number): Record<string, Tensor> {
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

/** The model, quantized where it is not. */
export async function int8Of(path: string): Promise<Graph> {
  const graph = await loadOnnx(path);
  if (graph.nodes.some(({ op }) => op === 'QuantizeLinear')) return graph;
  return (await quantizeStatic(graph, { calibration: [feedsOf(graph, 1)] })).model;
}

/** Names and files. */
export const networks: readonly (readonly [name: string, path: string])[] = [
  ['the demo', demo],
  ...(assets === ''
    ? []
    : ['kws_dscnn_int8_qdq', 'resnet_4b', 'mobilenet_v1_0.25_224'].map(
        (name) => [name, model(name)] as const,
      )),
];
