import { fileURLToPath } from 'node:url';
import { askPage, findChromium } from '@halftone/browsers';
import type { Report } from '@halftone/conformance';
import { expect } from 'vitest';

export const chromium: ReturnType<typeof findChromium> = findChromium();

/** The folder of all packages. */
export const packages: string = fileURLToPath(new URL('../../', import.meta.url));
const folders = { '/': packages };

/** What a scenario of page/scenarios.js finds in Chromium. */
export async function found(scenario: string, seconds = 50): Promise<unknown> {
  const page = `/backend-gpujs/test/page/index.html?run=${scenario}`;
  return JSON.parse(await askPage(chromium!, { folders, page, isolated: true, seconds })) as unknown;
}

/** The report of the conformance suite in Chromium; `query` says which part of it. */
export async function reportOf(query: Readonly<Record<string, string>>, seconds: number): Promise<Report> {
  const asked = new URLSearchParams({
    post: '/result',
    backend: '/backend-gpujs/test/page/backend.js',
    ...query,
  });
  const page = `/conformance/page/index.html?${asked}`;
  return JSON.parse(await askPage(chromium!, { folders, page, seconds })) as Report;
}

/** Everything is right, on one renderer, which the report names. */
export function expectComplete(report: Report): void {
  expect(report).not.toHaveProperty('error');
  const [variant, ...others] = report.variants;
  expect(others).toEqual([]);
  expect(variant!.failures).toEqual([]);
  expect(Object.entries(variant!.laws).filter(([, { passed }]) => !passed)).toEqual([]);
  expect(variant!.device).toMatch(/^WebGL2, \S/);
  expect(report.verdict).toBe('complete');
}
