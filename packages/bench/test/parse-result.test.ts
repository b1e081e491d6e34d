import { isHalftoneError } from '@halftone/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { type BenchResult, parseResult, runBench } from '../src/index.ts';
import { contestant, smallCase, tableBackend } from './support.ts';

type Json = Record<string, unknown>;

function refusal(input: unknown): string {
  try {
    parseResult(input, 'x.json');
  } catch (error) {
    expect(isHalftoneError(error, 'HT_DATA_INVALID')).toBe(true);
    return (error as Error).message;
  }
  return '';
}

/** Every place of a value, as the keys that lead there. */
function placesOf(value: unknown, above: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => [
    [...above, key],
    ...placesOf(entry, [...above, key]),
  ]);
}

function changed(
  result: BenchResult,
  place: readonly string[],
  change: (holder: Json, key: string) => void,
): Json {
  const copy = structuredClone(result) as unknown as Json;
  const holder = place.slice(0, -1).reduce((at, key) => at[key] as Json, copy);
  change(holder, place.at(-1)!);
  return copy;
}

/** What nobody reads: members of options and specs are the backend's and the op's own. */
const free = /^tasks\.\d+\.spec\.|^contestants\.\d+\.options\./;

describe('parseResult', () => {
  let result: BenchResult;
  beforeAll(async () => {
    const wrong = tableBackend('wrong', { spoil: (y) => (y[0]! ^= 1) });
    const right = { ...contestant(tableBackend('right')), version: '1.2.3', options: { threads: 1 } };
    result = await runBench({
      contestants: [right, contestant(wrong)],
      cases: [smallCase],
      quick: true,
      commit: 'c',
    });
  });

  test('reads what runBench made, as text and as an object', () => {
    expect(parseResult(JSON.stringify(result))).toEqual(result);
    expect(parseResult(result)).toEqual(result);
  });

  test('names the place of every value of a wrong type', () => {
    const places = placesOf(result).filter((place) => !free.test(place.join('.')));
    expect(places.length).toBeGreaterThan(100);
    for (const place of places) {
      const broken = changed(result, place, (holder, key) => {
        const value = holder[key];
        holder[key] = typeof value === 'object' ? 7 : { evil: true };
      });
      const last = place.at(-1)!;
      expect(refusal(broken), place.join('.')).toContain(/^\d+$/.test(last) ? `[${last}]` : last);
    }
  });

  test('notices what is missing, and lets optional members be', () => {
    const optional =
      /^(commit|environment\.(memoryBytes|gpu|cpu\.model)|limits\.clockGhz|contestants\.\d+\.(version|device|options|unavailable)|tasks\.\d+\.(op|spec|work)|cells\.\d+\.(variant|phases|phases\.(upload|read)|limit|limit\.unit|difference))$/;
    for (const place of placesOf(result)) {
      const name = place.join('.');
      if (free.test(name) || /\.\d+$/.test(name)) continue;
      const without = changed(result, place, (holder, key) => delete holder[key]);
      expect(refusal(without) === '', name).toBe(optional.test(name));
    }
  });

  test('refuses numbers that are none, names that point nowhere, and doubles', () => {
    const at = (path: string, value: unknown): string =>
      refusal(changed(result, path.split('.'), (holder, key) => (holder[key] = value)));
    for (const value of [NaN, Infinity, -1, '1', null]) expect(at('seconds', value)).toContain('seconds');
    expect(at('cells.0.task', 'elsewhere')).toContain('cells[0].task');
    expect(at('cells.0.contestant', 'nobody')).toContain('cells[0].contestant');
    expect(at('cells.1', result.cells[0])).toContain('cells[1]');
    expect(at('contestants.1.id', 'right')).toContain('contestants[1].id');
    expect(at('cells.0.status', 'constructor')).toContain('cells[0].status');
  });

  test('refuses other versions, other files, and what is too large or too deep', () => {
    expect(refusal({ ...result, schema: 'halftone-bench/2' })).toContain('halftone-bench/1');
    for (const text of [
      '',
      'null',
      '[]',
      '7',
      '{"schema":1}',
      '{"__proto__":{"schema":"halftone-bench/1"}}',
      '['.repeat(1e5),
    ])
      expect(refusal(text)).not.toBe('');
    expect(refusal({ ...result, date: 'x'.repeat(1e6) })).toContain('date');
    expect(refusal({ ...result, cells: new Array(1e6).fill(result.cells[0]) })).toContain('cells');
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`) as unknown;
    expect(refusal({ ...result, environment: deep })).toContain('environment');
  });
});
