import { describe, expect, test } from 'vitest';
import { chromium, found } from './in-page.ts';

describe.skipIf(chromium === undefined)('in Chromium', () => {
  test('thousands of runs leave no texture, no buffer and no heap behind', async () => {
    const { states, left } = (await found('soak', 200)) as {
      states: { counts: object; bytes: number }[];
      left: object;
    };
    const [first, second, third] = states;
    expect(second!.counts).toEqual(first!.counts);
    expect(third!.counts).toEqual(first!.counts);
    expect(third!.bytes).toBeLessThan(first!.bytes * 1.05 + 100_000);
    expect(left).toEqual({ textures: 0, buffers: 0 });
  });
});
