import { readFile, writeFile } from 'node:fs/promises';
import native from '@halftone/backend-native';
import reference from '@halftone/backend-reference';
import wasm from '@halftone/backend-wasm';
import { runSuite, toMarkdown } from '@halftone/conformance';
import type { BackendProvider } from '@halftone/core';
import { expect, test } from 'vitest';

/** Every backend of the project as it opens by default: tiers and threads differ between machines, and their results do not. */
const backends: readonly BackendProvider[] = [
  reference,
  { ...native, variants: [] },
  { ...wasm, variants: [] },
];

test('docs/support.md says what the conformance suite finds', async () => {
  const reports = [];
  for (const backend of backends)
    if ((await backend.probe()).available) reports.push(toMarkdown(await runSuite(backend)));
  const text = `# What each backend supports

Made by the conformance suite; \`HALFTONE_WRITE=1 npm test -- support-table\` writes it anew. \`exact\`: the same bits
everywhere. \`f32-ieee\`: each step of the formula rounded to float32, in order.

${reports.join('\n')}`;
  const file = new URL('../../../docs/support.md', import.meta.url);
  if (process.env['HALFTONE_WRITE'] === '1') await writeFile(file, text);
  const written = await readFile(file, 'utf8');
  // A backend that is not there cannot be checked; it has its place behind the others.
  if (reports.length === backends.length) expect(written).toBe(text);
  else expect(written.startsWith(text)).toBe(true);
});
