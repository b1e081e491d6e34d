import { readFile, writeFile } from 'node:fs/promises';
import native from '@halftone/backend-native';
import reference from '@halftone/backend-reference';
import wasm from '@halftone/backend-wasm';
import { runSuite, toMarkdown } from '@halftone/conformance';
import type { BackendProvider } from '@halftone/core';
import { expect, test } from 'vitest';
import { heading, sectionOf, table } from './support-table-support.ts';

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
  const text = `${heading}${reports.join('\n')}`;
  const rest = await sectionOf('gpujs');
  if (process.env['HALFTONE_WRITE'] === '1') await writeFile(table, text + rest);
  const written = await readFile(table, 'utf8');
  // A backend that is not there cannot be checked; it has its place behind the others.
  if (reports.length === backends.length) expect(written).toBe(text + rest);
  else expect(written.startsWith(text)).toBe(true);
});
