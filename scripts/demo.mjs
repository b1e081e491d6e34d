// The main job on an embedded model: quantize, evaluate, run on every installed backend, print one table.
import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import {
  createSession,
  loadOnnx,
  ortRunner,
  quantizeStatic,
  saveOnnx,
  serializeOnnx,
  tensor,
} from 'halftone';
import { knownBackends } from '../packages/halftone/dist/cli/backends.js';
import { findOrt } from '../packages/halftone/dist/cli/optional.js';
import { formatBytes, formatPercent, table, Terminal } from '../packages/halftone/dist/cli/terminal.js';
import { argmax } from '../packages/halftone/dist/evaluate/classification.js';
import { median } from '../packages/halftone/dist/evaluate/compare.js';
import { openOrt } from '../packages/halftone/dist/ort.js';
import { classes, samples } from '../packages/halftone/demo/data.mjs';
import { root } from './lib/paths.mjs';

/** Pictures that choose the ranges, and held-back ones that judge; no picture is in both. */
const CALIBRATION = 240;
const TEST = 1200;

const terminal = new Terminal({});
const modelPath = join(root, 'packages', 'halftone', 'demo', 'model.onnx');
if (!existsSync(modelPath)) {
  console.error('This checkout is not complete: packages/halftone/demo/model.onnx is missing.');
  process.exit(1);
}
const outFolder = join(root, 'out', 'demo');
const int8Path = join(outFolder, 'model.int8.onnx');
const ort = await findOrt();

/** Pictures of a split, each ready to be fed with a batch size of 1. */
function pictures(split, count) {
  terminal.progress(`drawing ${count} pictures`);
  const { x, y, shape } = samples(split, count);
  const each = x.length / count;
  return Array.from(y, (label, i) => ({
    input: tensor('float32', x.subarray(i * each, (i + 1) * each), [1, ...shape.slice(1)]),
    label,
  }));
}

const calibration = pictures('calibration', CALIBRATION).map(({ input }) => ({ input }));
const test = pictures('test', TEST);

const float = await loadOnnx(modelPath);
const { model, report } = await quantizeStatic(float, {
  calibration,
  ...(ort ? { runner: ortRunner(ort) } : {}),
  onProgress: (progress) => terminal.progress(`calibrating: ${progress.samples} of ${CALIBRATION} pictures`),
});
await mkdir(outFolder, { recursive: true });
await saveOnnx(model, int8Path, { overwrite: true });

/** Runs a model over the held-back pictures: answers, logits and times. */
async function evaluate(name, runnable) {
  const logits = [];
  const times = [];
  let right = 0;
  let seen = 0;
  for (const { input, label } of test) {
    const start = performance.now();
    const { logits: row } = await runnable.run({ input });
    times.push(performance.now() - start);
    logits.push(Float32Array.from(row.data));
    if (argmax(row.data) === label) right++;
    terminal.progress(`${name}: ${++seen} of ${TEST} pictures`);
  }
  await runnable.dispose();
  return { name, logits, right, latency: median(times) };
}

const share = (a, b, same) => a.logits.filter((row, i) => same(row, b.logits[i])).length / TEST;
const sameAnswer = (p, q) => argmax(p) === argmax(q);
const sameBits = (p, q) => p.every((value, i) => Object.is(value, q[i]));

const runs = [];
const skipped = [];
const floatRun = ort
  ? await evaluate('float, ONNX Runtime', await openOrt(ort, serializeOnnx(float)))
  : await evaluate('float, reference', await createSession(float));
for (const { name, provider, missing } of await knownBackends()) {
  const probe = provider ? await provider.probe() : { available: false, reason: missing };
  if (!probe.available) skipped.push(`${name}: ${probe.reason}`);
  else runs.push(await evaluate(`int8, ${name}`, await createSession(model, { backends: [provider] })));
}
if (ort) runs.push(await evaluate('int8, ONNX Runtime', await openOrt(ort, serializeOnnx(model))));
else skipped.push('ONNX Runtime: not installed; npm install onnxruntime-node');
const reference = runs.find((run) => run.name === 'int8, reference');
const bytes = { float: (await stat(modelPath)).size, int8: (await stat(int8Path)).size };

terminal.line(
  `A float CNN for ${classes.length} drawn shapes (BatchNormalization, depthwise convolutions), quantized to int8:`,
);
terminal.line(
  `${report.counts.quantized} of ${report.counts.nodes} nodes, ranges from ${CALIBRATION} pictures, judged on ${TEST} others.\n`,
);
const row = (run, size) => [
  run.name,
  formatBytes(size),
  `${run.right} of ${TEST}`,
  formatPercent(run.right / TEST),
  run === floatRun ? '-' : formatPercent(share(run, floatRun, sameAnswer)),
  run === floatRun ? '-' : formatPercent(share(run, reference, sameBits)),
  `${run.latency.toFixed(2)} ms`,
];
const header = [
  'model',
  'size',
  'right',
  'top-1',
  'same answer as float',
  'integers equal to reference',
  'latency',
];
for (const line of table([header, row(floatRun, bytes.float), ...runs.map((run) => row(run, bytes.int8))]))
  terminal.line(line);
terminal.line(
  `\nThe int8 file is ${(bytes.int8 / bytes.float).toFixed(3)} of the float file. Latency: median of single pictures.`,
);
for (const line of skipped) terminal.line(`not run  ${line}`);
terminal.line(`\nfloat  ${relative(root, modelPath)}\nint8   ${relative(root, int8Path)}`);
terminal.line(`next   npx halftone inspect ${relative(root, int8Path)} --plan`);
