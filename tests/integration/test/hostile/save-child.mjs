// Saves a model of 32 tensors of 16 MiB and says how much memory that took beyond what was held before.
import { openSync, statSync, ftruncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeModel } from '@halftone/onnx';
import { loadOnnx, saveOnnx } from 'halftone';

const [root, mode] = process.argv.slice(2);
const count = 32;
const length = 2 ** 24;
const names = Array.from({ length: count }, (_, i) => `w${i}`);
const target = join(root, 'out.onnx');

async function modelFromFiles() {
  ftruncateSync(openSync(join(root, 'weights.bin'), 'w'), count * length);
  const initializer = names.map((name, i) => ({
    name,
    dims: [length / 4],
    dataType: 1,
    dataLocation: 1,
    externalData: [
      { key: 'location', value: 'weights.bin' },
      { key: 'offset', value: String(i * length) },
    ],
  }));
  const path = join(root, 'in.onnx');
  writeFileSync(path, writeModel({ irVersion: 8, opsetImport: [{ version: 13 }], graph: { initializer } }));
  return await loadOnnx(path);
}

function modelFromMemory() {
  const constants = names.map((name) => {
    const tensor = { dtype: 'float32', shape: [length / 4], data: new Float32Array(length / 4).fill(1) };
    return [
      name,
      { name, elementType: 'float32', shape: tensor.shape, byteLength: length, tensor: () => tensor },
    ];
  });
  const outputs = names.map((name) => ({ name, elementType: 'float32', shape: [length / 4] }));
  return {
    name: 'g',
    opset: 13,
    domains: new Map(),
    inputs: [],
    outputs,
    nodes: [],
    constants: new Map(constants),
    values: new Map(),
  };
}

const graph = mode === 'memory' ? modelFromMemory() : await modelFromFiles();
const before = process.memoryUsage().rss;
await saveOnnx(graph, target, { externalData: mode === 'external' });
const peak = process.resourceUsage().maxRSS * 1024;
const written = statSync(mode === 'external' ? `${target}.data` : target).size;
process.stdout.write(JSON.stringify({ before, peak, written }));
