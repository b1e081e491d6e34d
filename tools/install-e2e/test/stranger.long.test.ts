// A stranger's backend, from packed packages alone: the example passes, a wrong kernel is found, the generator's output passes.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failIn, install, packAll, root, runIn } from '../src/install.ts';

const folders: string[] = [];
let folder = '';

beforeAll(async () => {
  const packed = await mkdtemp(join(tmpdir(), 'halftone-packed-'));
  folders.push(packed);
  const wanted = ['@halftone/core', '@halftone/conformance', '@halftone/create-backend'];
  ({ folder } = await install(wanted, await packAll(packed)));
  folders.push(folder);
  for (const file of ['one-op.js', 'complete.js', 'complete.test.js'])
    await cp(join(root, 'examples/third-party-backend', file), join(folder, file));
}, 300_000);

afterAll(async () => {
  for (const each of folders) await rm(each, { recursive: true, force: true });
});

describe('the example', () => {
  it('passes: one op is partial, four are complete', async () => {
    expect(await runIn(folder, 'npx', ['conformance', './one-op.js'])).toMatch(/^one-op: partial/m);
    expect(await runIn(folder, 'npx', ['conformance', './complete.js'])).toMatch(/^tiny: complete/m);
  });

  it('passes under node --test', async () => {
    await runIn(folder, process.execPath, ['--test', 'complete.test.js']);
  });

  it.each([
    ['qgemm', '(sum + Math.imul(left, right)) | 0', 'fround(sum + left * right)', /float32|24 bits/],
    [
      'quantize',
      'fround(x.data[i] / scale.data[p])',
      'fround(x.data[i] * fround(1 / scale.data[p]))',
      /round/,
    ],
    ['qgemm', 'p < k; p++', 'p < k - (k % 4); p++', /left out|tail/],
    ['requantize', 'spec.clamp ?? codeRange(spec.to)', 'codeRange(spec.to)', /clamp/],
  ])('with a wrong %s fails with exit code 1 and names it', async (op, right, wrong, cause) => {
    const text = await readFile(join(folder, 'complete.js'), 'utf8');
    expect(text).toContain(right);
    await writeFile(join(folder, 'wrong.js'), text.replace(right, wrong));
    const { code, stdout } = await failIn(folder, 'npx', ['conformance', './wrong.js']);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^FAILED ${op}/`, 'm'));
    expect([...stdout.matchAll(/looks like: (.*)/g)].some(([, said]) => cause.test(said!))).toBe(true);
  });
});

describe('the generator', () => {
  it('writes a backend whose test passes where the packages are installed', async () => {
    await runIn(folder, 'npx', ['create-backend', 'made']);
    expect(await runIn(join(folder, 'made'), 'npx', ['conformance', './index.js'])).toMatch(
      /^made: partial/m,
    );
  });
});
