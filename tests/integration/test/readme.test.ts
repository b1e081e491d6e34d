import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const readme = await readFile(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1] as string);

// Inside the workspace, so that `halftone` resolves as it does for a user who installed it.
let folder = '';
beforeAll(async () => {
  await mkdir(join(root, 'out'), { recursive: true });
  folder = await mkdtemp(join(root, 'out', 'readme-'));
  await copyFile(join(root, 'packages/halftone/demo/model.onnx'), join(folder, 'model.onnx'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function runBlock(index: number): Promise<string[]> {
  const file = join(folder, `block-${index}.mjs`);
  await writeFile(file, blocks[index] as string);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: folder });
  return stdout.trimEnd().split('\n');
}

describe('the code of the README, as printed', () => {
  it('quantizes, saves and runs a model', async () => {
    const [counts, answer] = await runBlock(0);
    expect(counts).toMatch(/^\{ nodes: \d+, quantized: [1-9]\d*, float: \d+ \}$/);
    expect(answer).toBe('true 12');
    expect(await readdir(folder)).toContain('model.int8.onnx');
  });

  it('quantizes a tensor and multiplies codes', async () => {
    expect(await runBlock(1)).toEqual(['[ 64, 128 ] 64 undefined', 'int32 [ 2, 2 ]']);
  });

  it('has no block that is not run here', () => {
    expect(blocks).toHaveLength(2);
  });
});
