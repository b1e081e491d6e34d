import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8');

test('the code of the guide to backends is that of the example', async () => {
  const guide = await read('docs/guides/write-a-backend.md');
  const files = await Promise.all(
    ['one-op.js', 'complete.js', 'complete.test.js'].map((file) =>
      read(`examples/third-party-backend/${file}`),
    ),
  );
  const lines = new Set(files.flatMap((text) => text.split('\n')));
  const blocks = [...guide.matchAll(/```js\n([\s\S]*?)```/g)].map((match) => match[1]!);
  expect(blocks.length).toBeGreaterThan(5);
  for (const block of blocks) for (const line of block.split('\n')) expect(lines).toContain(line);
});

test('the complete example is as long as the guide says', async () => {
  const count = (await read('examples/third-party-backend/complete.js')).trimEnd().split('\n').length;
  expect(await read('docs/guides/write-a-backend.md')).toContain(`\n${count} lines.`);
});
