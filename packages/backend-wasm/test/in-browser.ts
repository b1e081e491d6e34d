import { fileURLToPath } from 'node:url';
import { askPage, type Browser } from '@halftone/browsers';
import type { Report } from '@halftone/conformance';
import { expect } from 'vitest';
import type { WasmOptions } from '../src/index.ts';

const packages = fileURLToPath(new URL('../../', import.meta.url));

/** How long a browser may take, and what its test must allow. */
const SECONDS = 150;
export const TIMEOUT: number = 1000 * (SECONDS + 10);

/** Where and how the suite runs on this backend. */
export interface Run {
  /** Pages get shared memory. */
  readonly isolated: boolean;
  /** In place of the backend's own variants. */
  readonly options?: WasmOptions;
}

/** The whole suite in a page of a browser, complete and to the bit; the devices that it ran on, by variant. */
export async function expectComplete(
  browser: Browser,
  { isolated, options }: Run,
): Promise<Record<string, string>> {
  const query = new URLSearchParams({ post: '/result', backend: '/backend-wasm/dist/index.js' });
  if (options) query.set('options', JSON.stringify(options));
  const page = `/conformance/page/index.html?${query}`;
  const report = JSON.parse(
    await askPage(browser, { folders: { '/': packages }, isolated, page, seconds: SECONDS }),
  ) as Report;
  expect(report).not.toHaveProperty('error');
  expect(report.variants.flatMap(({ failures }) => failures)).toEqual([]);
  const broken = report.variants.flatMap(({ laws }) =>
    Object.entries(laws).filter(([, { passed }]) => !passed),
  );
  expect(broken).toEqual([]);
  expect(report.verdict).toBe('complete');
  expect(report.cases).toBeGreaterThan(2000);
  return Object.fromEntries(report.variants.map(({ label, device }) => [label, device]));
}
