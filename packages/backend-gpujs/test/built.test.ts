import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askPage } from '@halftone/browsers';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium, packages } from './in-page.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
let out = '';

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'halftone-built-'));
});
afterAll(() => rm(out, { recursive: true }));

// The codes of 0 to 255 are these numbers themselves.
const product = [51 * 102, 51 * 255, 255 * 102, 102 * 51 + 255 * 255];

describe.skipIf(chromium === undefined)('in Chromium', () => {
  test('what Vite builds for production', async () => {
    await build({
      configFile: false,
      root: join(here, 'built'),
      logLevel: 'error',
      build: { outDir: out, emptyOutDir: true },
    });
    const answer = JSON.parse(
      await askPage(chromium!, { folders: { '/': out }, page: '/index.html' }),
    ) as object;
    expect(answer).toEqual({ device: expect.stringMatching(/^WebGL2, \S/), data: product });
  });

  test('the page of the README, as printed', async () => {
    const readme = await readFile(join(here, '..', 'README.md'), 'utf8');
    const page = /```html\n([\s\S]*?)```/.exec(readme)![1]!;
    const teller = `<script>
      const tell = (body) => fetch('/result', { method: 'POST', body });
      addEventListener('error', ({ message }) => tell(message));
      new MutationObserver(() => {
        const said = document.body.lastChild.data?.trim();
        if (said) tell(said);
      }).observe(document.body, { childList: true });
    </script>`;
    await writeFile(join(out, 'readme.html'), `<!doctype html><body>${teller}${page}`);
    const modules = ['core', 'backend-gpujs'].map((name) => [
      `/node_modules/@halftone/${name}/`,
      join(packages, name),
    ]);
    const said = await askPage(chromium!, {
      folders: {
        ...Object.fromEntries(modules),
        '/node_modules/gpu.js/': join(here, '../node_modules/gpu.js'),
        '/': out,
      },
      page: '/readme.html',
    });
    expect(said).toMatch(/^WebGL2, \S/);
  });
});
