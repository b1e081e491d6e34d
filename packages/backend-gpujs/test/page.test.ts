import { describe, expect, test } from 'vitest';
import { chromium, found } from './in-page.ts';

describe.skipIf(chromium === undefined)('in Chromium', () => {
  test('probe names the renderer; WebGL2 by the CPU is unavailable unless it is asked for', async () => {
    const { asked, unasked, wrong, opened } = (await found('probes')) as {
      asked: { available: boolean; device: string };
      unasked: { available: boolean };
      wrong: { available: boolean }[];
      opened: string;
    };
    expect(asked).toMatchObject({ available: true });
    expect(asked.device).toMatch(/^WebGL2, \S/);
    // On a GPU it is there either way.
    const software = asked.device.endsWith('by the CPU');
    expect(unasked.available).toBe(!software);
    expect(opened).toBe(software ? 'HT_UNAVAILABLE' : 'none');
    expect(wrong).toEqual([
      expect.objectContaining({ available: false }),
      expect.objectContaining({ available: false }),
    ]);
  });

  test('every element of tensors that are long, narrow or large', async () => {
    const { differing } = (await found('sizes')) as { differing: Record<string, number> };
    expect(Object.keys(differing)).toHaveLength(9);
    expect(Object.entries(differing).filter(([, count]) => count !== 0)).toEqual([]);
  });

  test('large products are exact, however deep', async () => {
    const { differing } = (await found('products')) as { differing: Record<string, number> };
    const variants = Object.keys(differing).map((name) => name.split(' ')[1]);
    expect(variants).toEqual([...Array.from({ length: 9 }, () => 'qgemm_tiles'), 'qgemm_rows']);
    expect(Object.entries(differing).filter(([, count]) => count !== 0)).toEqual([]);
  });

  test('one tensor may be two operands of different shapes', async () => {
    const { sums, expected } = (await found('twice')) as Record<string, number[]>;
    expect(sums).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(7);
  });

  test('tensors outlive the kernels that wrote them', async () => {
    const { programs, freed, read, expected } = (await found('evicted')) as Record<string, unknown>;
    expect(read).toEqual(expected);
    // As many as are kept, and the one whose textures lived on.
    expect(programs).toBe(257);
    expect(freed).toEqual({ textures: 3, programs: 1 });
  });

  test('weights stay there, and so does what passes between ops', async () => {
    // A run uploads A, lays it out, multiplies, writes rows, looks up twice, and reads once.
    expect(await found('resident')).toEqual({
      variant: 'qgemm_tiles',
      counts: { uploads: 3, draws: 3 * 7, reads: 3 },
    });
  });

  test('what no memory holds is refused, and the next run works', async () => {
    const { refused, liveTensors, next, expected } = (await found('memory')) as Record<string, unknown>;
    expect(refused).toEqual(['HT_OUT_OF_MEMORY', 'HT_OUT_OF_MEMORY', 'HT_OUT_OF_MEMORY']);
    expect(liveTensors).toBe(0);
    expect(next).toEqual(expected);
  });

  test('a lost GPU fails what waits and what comes, other backends go on', async () => {
    const { expected, ...answers } = (await found('loss')) as Record<string, unknown>;
    expect(answers).toEqual({
      pending: 'HT_UNAVAILABLE',
      later: 'HT_UNAVAILABLE',
      synced: 'HT_UNAVAILABLE',
      disposed: 'none',
      other: expected,
      again: expected,
    });
  });
});
