import { readFile, writeFile } from 'node:fs/promises';
import reference from '@halftone/backend-reference';
import { runSuite, toMarkdown } from '@halftone/conformance';
import type { BackendProvider } from '@halftone/core';
import { expect, test } from 'vitest';

/** Every backend of the project. */
const backends: readonly BackendProvider[] = [reference];

test('docs/support.md says what the conformance suite finds', async () => {
  const reports = [];
  for (const backend of backends) reports.push(toMarkdown(await runSuite(backend)));
  const text = `# What each backend supports

Made by the conformance suite; \`HALFTONE_WRITE=1 npm test -- support-table\` writes it anew. \`exact\`: the same bits
everywhere. \`f32-ieee\`: each step of the formula rounded to float32, in order.

${reports.join('\n')}`;
  const file = new URL('../../../docs/support.md', import.meta.url);
  if (process.env['HALFTONE_WRITE'] === '1') await writeFile(file, text);
  expect(await readFile(file, 'utf8')).toBe(text);
});
