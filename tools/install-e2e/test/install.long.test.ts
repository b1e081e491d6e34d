import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeBlocks, install, type Installed, packAll, root, runIn } from '../src/install.ts';
import { type Scenario, scenarios } from '../src/scenarios.ts';

const folders: string[] = [];
let tarballs: ReadonlyMap<string, string> = new Map();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'halftone-packed-'));
  folders.push(folder);
  tarballs = await packAll(folder);
}, 300_000);

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function installed(scenario: Scenario, ...options: string[]): Promise<Installed> {
  const result = await install(scenario.packages, tarballs, options);
  folders.push(result.folder);
  return result;
}

/** Scripts that npm runs when a package is installed. */
const lifecycle = ['preinstall', 'install', 'postinstall'];

describe.each(scenarios)('$name', (scenario) => {
  let found: Installed;
  beforeAll(async () => {
    found = await installed(scenario);
    console.log(
      `${scenario.name}: ${found.manifests.length} packages, ${found.files.length} files, ${found.bytes} bytes`,
    );
  }, 300_000);

  it('is small', () => {
    expect(found.manifests.length).toBeLessThanOrEqual(scenario.mostPackages);
    expect(found.bytes).toBeLessThanOrEqual(scenario.mostBytes);
  });

  it('runs no script, and holds one copy of each package', async () => {
    for (const { name, scripts = {} } of found.manifests) {
      const ran = lifecycle.filter(
        (script) => script in scripts && script !== 'prepare' && script !== 'prepublish',
      );
      expect(ran, name).toEqual([]);
    }
    const names = found.manifests.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(found.files.filter((file) => /\/node_modules\/.*package\.json$/.test(file))).toEqual([]);
    // With scripts forbidden the same files lie there.
    expect((await installed(scenario, '--ignore-scripts')).files).toEqual(found.files);
  }, 300_000);

  it('loads by import and by require, from every public entry', async () => {
    for (const name of found.manifests
      .filter(({ os }) => os === undefined)
      .map((manifest) => manifest.name)
      .filter((name) => tarballs.has(name))) {
      const count = await runIn(found.folder, process.execPath, [
        '--input-type=module',
        '-e',
        `console.log(Object.keys(await import('${name}')).length)`,
      ]);
      expect(Number(count), name).toBeGreaterThan(0);
      const required = await runIn(found.folder, process.execPath, [
        '--no-warnings',
        '--experimental-require-module',
        '--input-type=commonjs',
        '-e',
        `console.log(Object.keys(require('${name}')).length)`,
      ]);
      expect(Number(required), name).toBeGreaterThan(0);
    }
  });

  it('runs the code of its README as printed', async () => {
    await copyFile(join(root, 'packages/halftone/demo/model.onnx'), join(found.folder, 'model.onnx'));
    for (const readme of scenario.readmes) {
      const blocks = await codeBlocks(readme);
      expect(blocks.length, readme).toBeGreaterThan(0);
      for (const [i, block] of blocks.entries()) {
        const file = join(found.folder, `block-${i}.mjs`);
        await writeFile(file, block);
        expect(await runIn(found.folder, process.execPath, [file]), `${readme}, block ${i}`).not.toBe('');
      }
    }
  });
});

describe('the command', () => {
  let folder = '';
  beforeAll(async () => {
    ({ folder } = await installed(scenarios[0]!));
    await copyFile(join(root, 'packages/halftone/demo/model.onnx'), join(folder, 'model.onnx'));
  }, 300_000);

  it('says which backends are there and how to get the others', async () => {
    const lines = (await runIn(folder, 'npx', ['halftone', 'backends'])).split('\n');
    expect(lines.find((line) => line.startsWith('reference'))).toContain('yes');
    for (const name of ['native', 'wasm', 'gpujs'])
      expect(lines.find((line) => line.startsWith(name))).toContain(`npm install @halftone/backend-${name}`);
  });

  it('quantizes a model and prints a worked example, with nothing else installed', async () => {
    await runIn(folder, 'npx', ['halftone', 'quantize', 'model.onnx', '-q']);
    expect(await readdir(folder)).toContain('model.int8.onnx');
    expect(await runIn(folder, 'npx', ['halftone', 'worked', 'unit-line'])).toContain('halftone');
  });

  it('times ops and the model, and says which engines are not there to compare with', async () => {
    const words = [
      'halftone',
      'bench',
      '--ops',
      'model.int8.onnx',
      '--peers',
      '--quick',
      '--filter',
      'lut256/n-1/|^model',
    ];
    const said = await runIn(folder, 'npx', words);
    expect(said).toMatch(/^lut256\/n-1\/u8u8 +\*/m);
    expect(said).toMatch(/^model\.int8\.onnx +\*/m);
    expect(said.match(/^not run .*npm install/gm)).toHaveLength(4);
    // Backends that are not installed are nobody's loss.
    expect(said).not.toMatch(/^not run +(native|wasm|gpujs)/m);
  });
});
