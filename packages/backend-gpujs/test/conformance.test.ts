import { describe, expect, test } from 'vitest';
import { chromium, expectComplete, reportOf } from './in-page.ts';

const required = (process.env['HALFTONE_REQUIRE'] ?? '').split(',').includes('gpujs');

test.runIf(required)('there is a Chromium', () => {
  expect(chromium).toBeDefined();
});

// The rest takes minutes where the CPU compiles every shader; the test of docs/support.md runs it, when long tests are run.
describe.skipIf(chromium === undefined)('in Chromium, on WebGL2', () => {
  test('the required tier and the laws', async () => {
    const report = await reportOf({ tier: 'required' }, 280);
    expectComplete(report);
    expect(report.cases).toBeGreaterThan(1500);
  }, 290_000);
});
