import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type Report, REPORT_SCHEMA } from '../src/index.ts';

const command = fileURLToPath(new URL('../dist/node/main.js', import.meta.url));
const fixtures = fileURLToPath(new URL('fixtures/', import.meta.url));
const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function conformance(
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [command, ...args], { cwd: fixtures });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (texts.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (texts.stderr += String(chunk)));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, ...texts };
}

describe('exit codes', () => {
  test('0 for a backend that does right what it has', async () => {
    expect((await conformance('./one-op.mjs')).code).toBe(0);
  });

  test('1 for one that is wrong, with the case, the place, the cause and the line that repeats it', async () => {
    const { code, stdout } = await conformance('signless.mjs', '--grep', '^lut256/every-code/');
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAILED lut256\/every-code\/s8s8/);
    expect(stdout).toMatch(/y\[0\]/);
    const [, repeat] = /again: npx @halftone\/conformance (.*)/.exec(stdout)!;
    const args = [...repeat!.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
    const again = await conformance(...args);
    expect([again.code, /FAILED (\S+)/.exec(again.stdout)![1]]).toEqual([1, 'lut256/every-code/s8s8']);
  });

  test.each(['number', 'throws', 'no-default', 'version-2', 'missing', 'unopened'])(
    '1 and one line for %s',
    async (name) => {
      const { code, stdout, stderr } = await conformance(`./${name}.mjs`);
      expect([code, stdout, stderr.trim().split('\n').length]).toEqual([1, '', 1]);
      expect(stderr).toMatch(/HT_BACKEND/);
    },
  );

  test('1 and the case for a promise that never settles', async () => {
    const { code, stderr } = await conformance('./hanging.mjs');
    expect(code).toBe(1);
    expect(stderr).toMatch(/lut256\/\S+: /);
  });

  test('3 and its reason for one that cannot run here', async () => {
    const { code, stderr } = await conformance('./away.mjs');
    expect(code).toBe(3);
    expect(stderr).toMatch(/there is no such device here/);
  });

  test.each([
    [[]],
    [['./one-op.mjs', '--tier', 'all']],
    [['./one-op.mjs', '--grep', '(']],
    [['./one-op.mjs', '--grep', '^nothing$']],
    [['./one-op.mjs', '--options', '[1]']],
    [['./one-op.mjs', '--options', '{']],
    [['./one-op.mjs', '--fuzz', '-1']],
    [['./one-op.mjs', '--report', 'html']],
    [['./one-op.mjs', '--no-such-option']],
  ])('2 for %j', async (args) => {
    expect((await conformance(...args)).code).toBe(2);
  });

  test('0 for --help and --list, and --list lists what --grep leaves', async () => {
    expect((await conformance('--help')).code).toBe(0);
    const { code, stdout } = await conformance('--list', '--grep', '^qgemm/corner-0/');
    expect([code, stdout.trim().split('\n').length]).toEqual([0, 4]);
  });
});

test('finds an installed package by the conditions of import', async () => {
  const { code, stdout } = await conformance('@halftone/backend-reference', '--grep', '^qgemm/corner-');
  expect([code, /^reference: complete/m.test(stdout)]).toEqual([0, true]);
});

test('writes the reports that are asked for', async () => {
  const out = await mkdtemp(join(tmpdir(), 'conformance-'));
  folders.push(out);
  const { code } = await conformance(
    'signless.mjs',
    '--report',
    'json,md,junit',
    '--out',
    out,
    '--fuzz',
    '20',
    '--seed',
    '3',
  );
  expect(code).toBe(1);
  const report = JSON.parse(await readFile(join(out, 'conformance.json'), 'utf8')) as Report & {
    environment: object;
  };
  expect(report).toMatchObject({ schema: REPORT_SCHEMA, backend: 'signless', verdict: 'failed' });
  expect(report.environment).toMatchObject({ runtime: `Node ${process.versions.node}` });
  expect(report.variants[0]!.ops.lut256!.failed).toBeGreaterThan(10);
  expect(report.variants[0]!.failures.length).toBe(10);
  const junit = await readFile(join(out, 'conformance.junit.xml'), 'utf8');
  expect(junit.match(/<failure>/g)!.length).toBe(1);
  expect(junit.match(/<testcase /g)!.length).toBeGreaterThan(40);
  expect(await readFile(join(out, 'conformance.md'), 'utf8')).toMatch(/^\| `lut256` \| integer \| \*\*/m);
});
