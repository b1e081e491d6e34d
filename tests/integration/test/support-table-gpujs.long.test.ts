// The whole suite on the GPU of a page: minutes, where the CPU compiles every shader.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { askPage, findChromium } from '@halftone/browsers';
import { type Report, toMarkdown } from '@halftone/conformance';
import { expect, test } from 'vitest';
import { sectionOf, table } from './support-table-support.ts';

const chromium = findChromium();

test.skipIf(chromium === undefined)(
  'docs/support.md says what the suite finds of gpujs in Chromium',
  async () => {
    const query = new URLSearchParams({ post: '/result', backend: '/backend-gpujs/test/page/backend.js' });
    const report = JSON.parse(
      await askPage(chromium!, {
        folders: { '/': fileURLToPath(new URL('../../../packages', import.meta.url)) },
        page: `/conformance/page/index.html?${query}`,
        seconds: 580,
      }),
    ) as Report;
    expect(report).not.toHaveProperty('error');
    expect(report.variants.flatMap(({ failures }) => failures)).toEqual([]);
    const broken = report.variants.flatMap(({ laws }) =>
      Object.entries(laws).filter(([, { passed }]) => !passed),
    );
    expect(broken).toEqual([]);
    expect(report.verdict).toBe('complete');
    const section = `\n${toMarkdown(report)}`;
    const text = await readFile(table, 'utf8');
    const before = await sectionOf('gpujs');
    if (process.env['HALFTONE_WRITE'] === '1')
      await writeFile(table, text.slice(0, text.length - before.length) + section);
    expect(await sectionOf('gpujs')).toBe(section);
  },
);
