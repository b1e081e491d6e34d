import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSanitized, has } from '../scripts/build.mjs';

const folder = mkdtempSync(join(tmpdir(), 'halftone-sanitized-'));
const module = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const suite = fileURLToPath(
  new URL('../node_modules/@halftone/conformance/dist/node/main.js', import.meta.url),
);
const fuzz = fileURLToPath(new URL('fuzz.mjs', import.meta.url));
let env: NodeJS.ProcessEnv = {};

/**
 * Runs Node under the sanitizers, at fixed addresses where the system can: at random ones the library that is loaded before Node
 * was seen to die without a word.
 */
function run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const [program, before] = has('setarch')
    ? ['setarch', ['--addr-no-randomize', process.execPath]]
    : [process.execPath, []];
  return spawnSync(program, [...before, ...args], { env, encoding: 'utf8' });
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The sanitizer's library has to be there before Node starts; Node's own leaks are not ours.
describe.skipIf(!has('g++') || process.platform !== 'linux')('the addon under sanitizers', () => {
  beforeAll(() => {
    const library = (name: string): string =>
      execFileSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' }).trim();
    env = {
      ...process.env,
      HALFTONE_NATIVE_BINARY: buildSanitized('address,undefined', join(folder, 'build')),
      LD_PRELOAD: `${library('libasan.so')}:${library('libubsan.so')}`,
      ASAN_OPTIONS: 'detect_leaks=0:allocator_may_return_null=1',
    };
  }, 900_000);

  test('the conformance suite passes on every tier, with drawn cases', () => {
    const { status, stdout, stderr } = run([suite, module, '--fuzz', '2000', '--seed', '3']);
    expect([status, stderr.slice(0, 4000)], stdout.slice(-2000)).toEqual([0, '']);
  });

  test('100,000 calls with arguments that nobody should pass', () => {
    const { status, stdout, stderr } = run([fuzz, '100000', '7']);
    expect([status, stderr.slice(0, 4000)]).toEqual([0, '']);
    expect(Number(stdout)).toBeGreaterThan(50_000);
  });
});
