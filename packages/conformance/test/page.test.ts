import { fileURLToPath } from 'node:url';
import { askPage, findChromium } from '@halftone/browsers';
import { describe, expect, test } from 'vitest';
import type { Report } from '../src/index.ts';

const packages = fileURLToPath(new URL('../../', import.meta.url));
const chromium = findChromium();

describe.skipIf(chromium === undefined)('the page, in Chromium', () => {
  async function open(query: string): Promise<Report> {
    const page = `/conformance/page/index.html?post=/result&${query}`;
    return JSON.parse(await askPage(chromium!, { folders: { '/': packages }, page })) as Report;
  }

  test('the reference is complete there too, to the bit', async () => {
    const report = await open('backend=/backend-reference/dist/index.js');
    expect(report.variants.flatMap(({ failures }) => failures)).toEqual([]);
    expect([report.backend, report.verdict]).toEqual(['reference', 'complete']);
    expect(report.cases).toBeGreaterThan(2000);
  });

  test('a wrong backend fails, and what is none says so', async () => {
    const wrong = await open('backend=/conformance/test/fixtures/signless.mjs&grep=lut256');
    expect(wrong.variants[0]!.failures[0]!.case).toMatch(/^lut256\//);
    expect(await open('backend=/conformance/test/fixtures/number.mjs')).toMatchObject({ verdict: 'failed' });
  });
});
