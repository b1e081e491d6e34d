import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

it('300 hostile files: each is saved or refused with a typed error, in time, and nothing else is written', async () => {
  const { counts, failures, strays, slowest } = await fuzzWhole(root, 300, 2026);
  console.log('seed 2026', counts);
  expect(failures).toEqual([]);
  expect(strays).toEqual([]);
  expect(slowest).toBeLessThan(20_000);
  expect(counts['load ok']).toBeGreaterThan(100);
  expect(counts['load HT_MODEL_INVALID']).toBeGreaterThan(50);
  expect(counts['run ok']).toBeGreaterThan(20);
  expect(counts['save ok']).toBeGreaterThan(100);
}, 300_000);

it('200 hostile files: where ONNX Runtime runs what we run, both compute the same', async () => {
  const { reasons, ...agreement } = await againstOrt(root, 200, 2026);
  console.log('seed 2026', agreement, Object.fromEntries(reasons));
  expect(agreement.failures).toEqual([]);
  expect(agreement.differences).toEqual([]);
  expect(agreement.bothRan).toBeGreaterThan(10);
}, 300_000);
