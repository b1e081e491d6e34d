import { readFile } from 'node:fs/promises';

export const table: URL = new URL('../../../docs/support.md', import.meta.url);

export const heading = `# What each backend supports

Made by the conformance suite; \`HALFTONE_WRITE=1 npm test -- support-table\` writes it anew, the part of gpujs
\`HALFTONE_WRITE=1 npm run test:long -- support-table\`. \`exact\`: the same bits everywhere. \`f32-ieee\`: each step of the formula
rounded to float32, in order. \`f32-relaxed\`: at most one code off, in one of a thousand.

`;

/** The part of the table that a backend has, which is the last, with the empty line before it; empty where it has none. */
export async function sectionOf(backend: string): Promise<string> {
  const text = await readFile(table, 'utf8');
  const begin = text.indexOf(`\n**${backend}**`);
  return begin < 0 ? '' : text.slice(begin);
}
