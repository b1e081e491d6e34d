import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseResult } from '@halftone/bench';
import { findChromium } from '@halftone/browsers';
import { afterAll, describe, expect, test } from 'vitest';

const main = fileURLToPath(new URL('../src/main.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'halftone-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the app; `out` is the result that it wrote, where it wrote one. */
function bench(...args) {
  const out = join(folder, `${args.join('-').replaceAll(/\W/g, '_')}.json`);
  const env = { ...process.env, HALFTONE_ASSETS: '' };
  return new Promise((done) => {
    execFile(process.execPath, [main, ...args, '--out', out], { env }, (error, stdout, stderr) => {
      const result = error ? undefined : parseResult(readFileSync(out, 'utf8'));
      done({ code: error ? error.code : 0, stdout, stderr, result });
    });
  });
}

const small = ['--quick', '--filter', '^qgemm/large/64x64x64/u8s8-s32$|demo'];

/** Builds of ours that not every machine has: relaxed SIMD that is exact, more cores than one. */
const perMachine = /^wasm (relaxed|\d+t)$/;

describe('npm run bench', () => {
  test('every peer computes the same integers; the demo network runs on those that run networks', async () => {
    const { code, result } = await bench(...small, '--peers', '--threads', '1');
    expect(code).toBe(0);
    const op = result.cells.filter(({ task }) => task.startsWith('qgemm'));
    const status = Object.fromEntries(op.map(({ contestant, status: s }) => [contestant, s]));
    expect(status).toMatchObject({
      reference: 'timed',
      'ort-node': 'timed',
      'ort-web': 'timed',
      'tfjs wasm': 'timed',
      simsimd: 'refused',
    });
    for (const cell of op) expect(cell).not.toHaveProperty('difference');
    const networks = result.cells.filter(({ task }) => task === 'demo.int8.onnx');
    const equal = networks
      .filter(({ agreement }) => agreement?.bitEqual === 1)
      .map(({ contestant }) => contestant);
    expect(equal).toEqual(expect.arrayContaining(['ort-node', 'ort-web', 'reference']));
    expect(networks.length).toBeGreaterThanOrEqual(5);
    expect(result.commit).toMatch(/^[0-9a-f]{40}\+?$/);
  });
});

describe.skipIf(findChromium() === undefined)('npm run bench -- --page', () => {
  test('times the same cases in Chromium, and says what draws there', async () => {
    const { code, stderr, result } = await bench(
      '--page',
      '--quick',
      '--peers',
      '--filter',
      '64x64x64/u8s8-s32$',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(result.environment.runtime).toMatch(/^Chrome \d+$/);
    expect(result.environment.gpu.software).toBe(
      /swiftshader|llvmpipe/i.test(result.environment.gpu.renderer),
    );
    expect(
      result.cells
        .filter(({ contestant }) => !perMachine.test(contestant))
        .map(({ contestant, status, difference }) => [contestant, status, difference]),
    ).toEqual(
      ['wasm simd', 'gpujs', 'reference', 'ort-web', 'tfjs wasm', 'tfjs webgl', 'gpu.js textbook'].map(
        (id) => [id, 'timed', undefined],
      ),
    );
    const [gpujs] = result.contestants.filter(({ id }) => id === 'gpujs');
    expect(gpujs.device).toContain(result.environment.gpu.renderer);
  });

  test('a filter that matches nothing is said', async () => {
    const { code, stderr } = await bench('--page', '--filter', 'no such case');
    expect([code, stderr]).toEqual([1, expect.stringContaining('no such case')]);
    expect((await bench('--page', '--backend', 'x')).code).toBe(2);
  });
});
