import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runSuite } from '@halftone/conformance';
import type { BackendProvider } from '@halftone/core';
import { afterAll, describe, expect, test } from 'vitest';
import { createBackend, CreateError } from '../src/index.ts';

// Inside the package, so that what is written finds core.
const own = fileURLToPath(new URL('../node_modules/', import.meta.url));
const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function emptyFolder(): Promise<string> {
  await mkdir(own, { recursive: true });
  const folder = await mkdtemp(join(own, '.create-'));
  folders.push(folder);
  return folder;
}

const code = (expected: string) =>
  expect.toSatisfy((error) => error instanceof CreateError && error.code === expected);

describe('what is written', () => {
  test('is a partial backend that passes, with the names and versions in place', async () => {
    const folder = join(await emptyFolder(), 'halftone-backend-my-gpu');
    const { name, files } = await createBackend(folder);
    expect(name).toBe('my-gpu');
    expect((await readdir(folder)).sort()).toEqual([...files].sort());
    for (const file of files) expect(await readFile(join(folder, file), 'utf8')).not.toMatch(/\{\{|\}\}/);
    const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      name: string;
      scripts: { test: string };
      devDependencies: Record<string, string>;
    };
    expect(manifest.name).toBe('halftone-backend-my-gpu');
    expect(manifest.scripts.test).toBe('conformance ./index.js');
    const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(manifest.devDependencies['@halftone/conformance']).toBe(`^${version}`);
    const module = (await import(pathToFileURL(join(folder, 'index.js')).href)) as {
      default: BackendProvider;
    };
    const report = await runSuite(module.default);
    expect([report.backend, report.verdict]).toEqual(['my-gpu', 'partial']);
    expect(report.variants[0]!.ops.dequantize!.passed).toBeGreaterThan(100);
  });

  test('takes a name of its own', async () => {
    const folder = await emptyFolder();
    expect((await createBackend(folder, { name: 'tiny' })).name).toBe('tiny');
  });
});

describe('refusals leave nothing behind', () => {
  test('a folder that holds something', async () => {
    const folder = await emptyFolder();
    await writeFile(join(folder, 'mine.txt'), 'mine');
    await expect(createBackend(folder, { name: 'tiny' })).rejects.toEqual(code('occupied'));
    expect(await readdir(folder)).toEqual(['mine.txt']);
    await expect(createBackend(join(folder, 'mine.txt'), { name: 'tiny' })).rejects.toEqual(code('occupied'));
  });

  test.each(['My-GPU', '', '-a', 'a--b', '1a', '../a', 'a b', 'x'.repeat(80)])(
    'the name %j',
    async (name) => {
      const parent = await emptyFolder();
      await expect(createBackend(join(parent, 'new'), { name })).rejects.toEqual(code('usage'));
      expect(await readdir(parent)).toEqual([]);
    },
  );
});

describe('the command', () => {
  const command = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const run = async (cwd: string, ...args: string[]): Promise<number | null> => {
    const child = spawn(process.execPath, [command, ...args], { cwd, stdio: 'ignore' });
    return await new Promise((done) => child.on('close', done));
  };

  test('exits with 0, 1 and 2', async () => {
    const folder = await emptyFolder();
    expect(await run(folder, 'tiny')).toBe(0);
    expect(await run(folder, 'tiny')).toBe(1);
    expect(await run(folder)).toBe(2);
    expect(await run(folder, 'a', 'b')).toBe(2);
    expect(await run(folder, 'other', '--name', 'No Name')).toBe(2);
    expect(await run(folder, 'other', '--wrong')).toBe(2);
    expect(await run(folder, '--help')).toBe(0);
    expect(await readdir(folder)).toEqual(['tiny']);
  });
});
