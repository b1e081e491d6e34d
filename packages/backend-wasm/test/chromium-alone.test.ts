import { findChromium } from '@halftone/browsers';
import { describe, expect, test } from 'vitest';
import { expectComplete, TIMEOUT } from './in-browser.ts';

const chromium = findChromium();

describe.skipIf(chromium === undefined)('in Chromium, in a page that is not isolated', () => {
  test(
    'it is complete on one thread, and the device says why there is one',
    async () => {
      const devices = Object.values(
        await expectComplete(chromium!, { isolated: false, options: { threads: 2 } }),
      );
      expect(devices).toHaveLength(1);
      expect(devices[0]).toMatch(/1 thread \(.*isolated/);
    },
    TIMEOUT,
  );
});
