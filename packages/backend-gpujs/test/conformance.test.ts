import { describe, expect, test } from 'vitest';
import { chromium, expectComplete, reportOf } from './in-page.ts';

// The rest takes minutes where the CPU compiles every shader: conformance.long.test.ts.
describe.skipIf(chromium === undefined)('in Chromium, on WebGL2', () => {
  test('the required tier and the laws', async () => {
    const report = await reportOf({ tier: 'required' }, 280);
    expectComplete(report);
    expect(report.cases).toBeGreaterThan(1500);
  }, 290_000);
});
