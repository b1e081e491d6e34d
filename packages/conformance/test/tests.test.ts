import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { BackendProvider } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { conformanceTests, type TestRunner } from '../src/index.ts';
import { oneOp } from './broken.ts';

/** A test runner that only remembers; gives the tests with what becomes of each. */
async function outcomes(provider: BackendProvider, options: object): Promise<Record<string, string>> {
  const tests: [string, (() => Promise<void>) | undefined][] = [];
  const runner: TestRunner = {
    describe: (_name, define) => {
      define();
    },
    it: Object.assign((name: string, run: () => Promise<void>) => void tests.push([name, run]), {
      skip: (name: string) => void tests.push([name, undefined]),
    }),
  };
  await conformanceTests(provider, runner, options);
  const found: Record<string, string> = {};
  for (const [name, run] of tests)
    found[name.split(':')[0]!] =
      run === undefined
        ? 'skipped'
        : await run().then(
            () => 'passed',
            () => 'failed',
          );
  return found;
}

const grep = /^lut256\/|^quantize\/n-|^law\/counters$/;

describe('the suite as tests', () => {
  test('one for each op and law; what is not there is skipped', async () => {
    expect(await outcomes(oneOp(), { grep })).toEqual({
      'is complete or partial': 'passed',
      lut256: 'passed',
      inherited: 'skipped',
      'law counters': 'passed',
    });
  });

  test('what is wrong fails by its op, and partial is not complete', async () => {
    const wrong = await outcomes(
      oneOp((count) => count - (count % 2)),
      { grep },
    );
    expect([wrong['lut256'], wrong['is complete or partial']]).toEqual(['failed', 'failed']);
    expect((await outcomes(oneOp(), { grep, required: true }))['is complete']).toBe('failed');
  });

  test('what cannot run here is skipped with its reason, or fails where it is required', async () => {
    const away: BackendProvider = {
      ...oneOp(),
      probe: async () => ({ available: false, reason: 'no device' }),
    };
    expect(await outcomes(away, {})).toEqual({ 'is available': 'skipped' });
    expect(await outcomes(away, { required: true })).toEqual({ 'is available': 'failed' });
  });

  test.each([
    ['reference', 0],
    ['signless', 1],
  ])('under node --test: %s exits with %i', async (backend, code) => {
    const file = fileURLToPath(new URL('fixtures/node-test.mjs', import.meta.url));
    const env = { ...process.env, BACKEND: backend, NODE_OPTIONS: '' };
    const child = spawn(process.execPath, ['--test', file], { env, stdio: 'ignore' });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(code);
  });
});
