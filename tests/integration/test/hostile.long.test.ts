import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { againstOrt } from './hostile/against-ort.ts';
import { fuzzWhole } from './hostile/fuzz.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'halftone-hostile-'));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

it('10,000 hostile files: each is saved or refused with a typed error, in time, and nothing else is written', async () => {
  const start = performance.now();
  const { counts, failures, strays, slowest } = await fuzzWhole(root, 10_000, 4711);
  console.log(`${Math.floor(performance.now() - start)} ms, slowest ${Math.floor(slowest)} ms`, counts);
  expect(failures).toEqual([]);
  expect(strays).toEqual([]);
  expect(slowest).toBeLessThan(20_000);
  expect((counts['load ok'] ?? 0) / 10_000).toBeGreaterThan(0.4);
}, 1_800_000);

it('10,000 hostile files: where ONNX Runtime runs what we run, both compute the same', async () => {
  const { reasons, ...agreement } = await againstOrt(root, 10_000, 4711);
  const most = [...reasons].sort(([, a], [, b]) => b - a).slice(0, 40);
  console.log(agreement, Object.fromEntries(most));
  expect(agreement.failures).toEqual([]);
  expect(agreement.differences).toEqual([]);
  expect(agreement.bothRan).toBeGreaterThan(800);
}, 1_800_000);

it.each(['inline', 'external', 'memory'])(
  '512 MiB of weights in tensors of 16 MiB, %s: saving takes the memory of a few tensors',
  async (mode) => {
    const script = fileURLToPath(new URL('./hostile/save-child.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, root, mode]);
    const { before, peak, written } = JSON.parse(stdout) as Record<'before' | 'peak' | 'written', number>;
    const mebibytes = Math.floor((peak - before) / 2 ** 20);
    console.log(`${mode}: ${mebibytes} MiB more at the peak`);
    expect(written).toBeGreaterThanOrEqual(512 * 2 ** 20);
    expect(mebibytes).toBeLessThan(200);
  },
  600_000,
);
