import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** Most bytes of the backend's code, with what it needs of core, and all of its modules, gzipped. */
const MOST_BYTES = 100_000;

test(`the code and all modules are less than ${MOST_BYTES} bytes, gzipped`, async () => {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../dist/index.js', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    // The modules are counted as files: a page loads one of them, and never their text.
    external: ['#modules'],
  });
  const folder = new URL('../wasm/', import.meta.url);
  const modules = (await readdir(folder)).filter((name) => name.endsWith('.wasm'));
  expect(modules).toHaveLength(4);
  const files = await Promise.all(modules.map((name) => readFile(new URL(name, folder))));
  const sizes = [outputFiles[0]!.contents, ...files].map((bytes) => gzipSync(bytes, { level: 9 }).length);
  console.log(
    `code ${sizes[0]}, ${modules.map((name, i) => `${name} ${sizes[i + 1]}`).join(', ')} bytes, gzipped`,
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
});
