import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
// The generator is plain JavaScript without types, for it also runs inside the training page.
// @ts-expect-error no declarations
import { classes, pictures, samples, size } from '../../../packages/halftone/demo/data.mjs';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

describe('the pictures', () => {
  it('are the same bytes on every machine', () => {
    expect(hash(pictures('train', 24).x)).toBe('4a3179ec90c4c3dc');
    expect(hash(pictures('calibration', 24).x)).toBe('290e97cda61c5503');
    expect(hash(pictures('test', 24).x)).toBe('c8c9436bf36887f8');
  });

  it('do not depend on how many are drawn at once', () => {
    const all = pictures('test', 30).x as Uint8Array;
    const each = 3 * size * size;
    expect(pictures('test', 6, 0, 24).x).toEqual(all.slice(24 * each));
    expect(pictures('test', 12, 0).x).toEqual(all.slice(0, 12 * each));
  });

  it('of different splits and seeds are different', () => {
    const seen = new Set<string>();
    const each = 3 * size * size;
    for (const split of ['train', 'calibration', 'test']) {
      for (const seed of [0, 1]) {
        const { x } = pictures(split, 60, seed) as { x: Uint8Array };
        for (let i = 0; i < 60; i++) seen.add(hash(x.slice(i * each, (i + 1) * each)));
      }
    }
    expect(seen.size).toBe(360);
    expect(() => pictures('validation', 1)).toThrow(RangeError);
  });

  it('show every class equally often, as floats of [-1, 1]', () => {
    const { x, y, shape } = samples('calibration', 120) as {
      x: Float32Array;
      y: Int32Array;
      shape: number[];
    };
    expect(shape).toEqual([120, 3, 32, 32]);
    expect(classes).toHaveLength(12);
    for (let label = 0; label < 12; label++) expect(y.filter((value) => value === label)).toHaveLength(10);
    expect(x.every((value) => value >= -1 && value <= 1)).toBe(true);
    expect(new Set(x).size).toBeGreaterThan(100);
  });
});
