import { describe, expect, test } from 'vitest';
import { chromium, expectComplete, reportOf } from './in-page.ts';

describe.skipIf(chromium === undefined)('in Chromium, on WebGL2', () => {
  test('the whole suite', async () => {
    const report = await reportOf({}, 580);
    expectComplete(report);
    expect(report.cases).toBeGreaterThan(2000);
  });
});
