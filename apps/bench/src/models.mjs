// The whole networks that a checkout can time: the demo's, and the public ones of HALFTONE_ASSETS.
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadOnnx, quantizeStatic, saveOnnx, tensor } from 'halftone';
import { samples } from '../../../packages/halftone/demo/data.mjs';

/** Inputs that choose the ranges: speed does not depend on how good they are. */
const CALIBRATION = 16;

/** Public float models, in the shape of their one input. */
const publicModels = ['mobilenet_v1_0.25_224', 'resnet_4b', 'kws_dscnn_float'];

/** Paths of int8 models, each beside its float form. */
export async function models({ root, quick }) {
  const folder = join(root, 'out', 'bench', 'models');
  mkdirSync(folder, { recursive: true });
  const assets = process.env.HALFTONE_ASSETS;
  const demo = join(root, 'packages', 'halftone', 'demo', 'model.onnx');
  const found = [{ path: demo, name: 'demo', calibration: drawn() }];
  for (const name of assets && !quick ? publicModels : []) {
    const path = join(assets, 'models', `${name}.onnx`);
    if (existsSync(path)) found.push({ path, name, calibration: undefined });
  }
  const paths = [];
  for (const { path, name, calibration } of found) {
    const float = await loadOnnx(path);
    const { model } = await quantizeStatic(float, { calibration: calibration ?? noise(float) });
    copyFileSync(path, join(folder, `${name}.onnx`));
    const quantized = join(folder, `${name}.int8.onnx`);
    await saveOnnx(model, quantized, { overwrite: true });
    paths.push(quantized);
  }
  return paths;
}

/** Pictures of the demo. */
function drawn() {
  const { x, shape } = samples('calibration', CALIBRATION);
  const each = x.length / CALIBRATION;
  return Array.from({ length: CALIBRATION }, (_, i) => ({
    input: tensor('float32', x.subarray(i * each, (i + 1) * each), [1, ...shape.slice(1)]),
  }));
}

/** Seeded noise in the shape of a model's inputs. */
function* noise({ inputs }) {
  let state = 41;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 8388608 - 1;
  };
  for (let i = 0; i < CALIBRATION; i++)
    yield Object.fromEntries(
      inputs.map(({ name, shape }) => {
        const dims = shape.map((extent) => (typeof extent === 'number' ? extent : 1));
        const data = Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, next);
        return [name, tensor('float32', data, dims)];
      }),
    );
}
