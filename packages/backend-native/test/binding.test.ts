import { describe, expect, test } from 'vitest';
import { loadAddon } from '../src/load.ts';
import { fuzzAddon } from './fuzz.mjs';
import { available } from './support.ts';

describe.skipIf(!available)('the addon', () => {
  test('refuses what does not fit, and lives', () => {
    const threw = fuzzAddon(loadAddon(), 20_000, 1);
    expect(threw).toBeGreaterThan(10_000);
    expect(threw).toBeLessThan(20_000);
  });

  test('gives memory that is aligned, and takes it back', () => {
    const addon = loadAddon();
    const buffer = addon.allocate(1 << 22);
    new Uint8Array(buffer).fill(7);
    addon.release(buffer);
    expect(buffer.byteLength).toBe(0);
    addon.release(buffer);
    expect(() => addon.allocate(2 ** 47)).toThrow(RangeError);
  });
});
