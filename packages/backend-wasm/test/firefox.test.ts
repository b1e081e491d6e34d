import { findFirefox } from '@halftone/browsers';
import { describe, expect, test } from 'vitest';
import { expectComplete, TIMEOUT } from './in-browser.ts';

const firefox = findFirefox();

describe.skipIf(firefox === undefined)('in Firefox, in a page that is isolated', () => {
  test(
    'every variant is complete, and those with two threads have them',
    async () => {
      const devices = await expectComplete(firefox!, { isolated: true });
      expect(Object.keys(devices)).toEqual(expect.arrayContaining(['simd', 'simd, two threads']));
      for (const [label, device] of Object.entries(devices))
        expect(device, label).toMatch(label.includes('two') ? /2 threads$/ : /1 thread$/);
    },
    TIMEOUT,
  );
});
