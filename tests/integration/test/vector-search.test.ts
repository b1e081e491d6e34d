import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const guide = await readFile(new URL('docs/guides/vector-search.md', root), 'utf8');
const blocks = [...guide.matchAll(/```js\n([\s\S]*?)```\n\n```text\n([\s\S]*?)```/g)];

test.each([
  ['int8.mjs', 0],
  ['binary.mjs', 1],
])('the guide prints %s, and what it says', async (name, index) => {
  const [, code, said] = blocks[index]!;
  const file = new URL(`examples/vector-search/${name}`, root);
  expect(code).toBe(await readFile(file, 'utf8'));
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(file)]);
  expect(stdout).toBe(said);
});

test('the guide has no other code', () => {
  expect(guide.match(/```js/g)).toHaveLength(blocks.length);
});
