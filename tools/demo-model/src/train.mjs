/** Trains the demo network in headless Chromium: node src/train.mjs [file] [last step]. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from '@halftone/browsers';
import { createSession, parseOnnx, tensor } from 'halftone';
import { channels, classes, samples, size } from '../../../packages/halftone/demo/data.mjs';
import { openPage } from './browser.mjs';
import { epsilon, layers, steps } from './network.mjs';
import { writeModel } from './write-model.mjs';

/** Test pictures on which the written model is held against the trained one. */
const checked = 2400;

const here = dirname(fileURLToPath(import.meta.url));
const demo = join(here, '..', '..', '..', 'packages', 'halftone', 'demo');

const chromium = findChromium();
if (chromium === undefined) {
  console.error('Training needs Chromium; install it, or set CHROMIUM_PATH.');
  process.exit(3);
}
const library = join(
  dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs/package.json')),
  'dist',
  'tf.min.js',
);
const { page, close } = await openPage(chromium.path, {
  '/data.mjs': join(demo, 'data.mjs'),
  '/network.mjs': join(here, 'network.mjs'),
  '/page.mjs': join(here, 'page.mjs'),
  '/tf.js': library,
});
const start = performance.now();
await page.addScriptTag({ url: '/tf.js' });
const last = Number(process.argv[3] ?? steps);
await page.exposeFunction('report', (step, loss, accuracy) => {
  if (step % 10 !== 0 && step !== 1) return;
  const seconds = Math.floor((performance.now() - start) / 1000);
  console.log(
    `step ${step} of ${last}, loss ${loss.toFixed(3)}, accuracy ${accuracy.toFixed(3)}, ${seconds} s`,
  );
});
const weights = await page.evaluate(
  (step) => import('/page.mjs').then((training) => training.train(globalThis.report, step)),
  last,
);
const model = writeModel(layers(classes.length), weights, {
  channels,
  size,
  classes: classes.length,
  epsilon,
});
const path = process.argv[2] ?? join(demo, 'model.onnx');
writeFileSync(path, model);
console.log(`${path}: ${model.length} bytes after ${Math.floor((performance.now() - start) / 1000)} s`);

const trained = await page.evaluate(
  (count) => import('/page.mjs').then((training) => training.predict(count)),
  checked,
);
await close();
const session = await createSession(parseOnnx(model));
let right = 0;
let largest = 0;
for (let first = 0; first < checked; first += 100) {
  const { x, y, shape } = samples('test', 100, 0, first);
  const { logits } = await session.run({ input: tensor('float32', x, shape) });
  y.forEach((label, i) => {
    const row = logits.data.subarray(i * classes.length, (i + 1) * classes.length);
    if (row.indexOf(Math.max(...row)) === label) right++;
    row.forEach((value, j) => {
      largest = Math.max(largest, Math.abs(value - trained[(first + i) * classes.length + j]));
    });
  });
}
await session.dispose();
console.log(
  `top-1 ${right} of ${checked} test pictures; largest difference from the training library's logits ${largest.toPrecision(3)}`,
);
