import { isHalftoneError } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import {
  type BenchResult,
  type Cell,
  comparisonText,
  compareResults,
  regressions,
  runBench,
  type Timing,
  withRetimed,
} from '../src/index.ts';
import { contestant, smallCase, tableBackend } from './support.ts';

function timing(min: number, scatter = 0): Timing {
  return { min, median: min, p90: min, spread: scatter, samples: 100, batch: 1, turns: [min] };
}

type Times = Readonly<Record<string, Timing | string>>;

/** A result of one task, with a figure or a reason for each contestant; names that begin with `peer` are peers. */
function result(times: Times, model = 'a CPU'): BenchResult {
  const cells = Object.entries(times).map(
    ([id, time]): Cell =>
      typeof time === 'string'
        ? { task: 't', contestant: id, status: 'wrong', reason: time }
        : { task: 't', contestant: id, status: 'timed', timing: time },
  );
  return {
    schema: 'halftone-bench/1',
    date: '2026-01-01T00:00:00.000Z',
    environment: { runtime: 'Node', platform: 'linux', arch: 'x64', cpu: { model, cores: 2, flags: [] } },
    limits: { copy: [] },
    settings: { quick: true, rounds: 5, budgetMs: 100, sampleMs: 1 },
    engine: { runMs: 1e-4, fencedMs: 1e-4, clockStepMs: 1e-4 },
    contestants: Object.keys(times).map((id) => ({
      id,
      kind: id.startsWith('peer') ? 'peer' : 'backend',
      threads: 1,
    })),
    tasks: [{ id: 't', kind: 'op' }],
    cells,
    seconds: 1,
  };
}

function verdict(before: Timing, after: Timing): string {
  return compareResults(result({ a: before }), result({ a: after })).changes[0]!.verdict;
}

describe('compareResults', () => {
  test('calls a change what is past the noise, in both directions', () => {
    expect(verdict(timing(1), timing(1.05))).toBe('same');
    expect(verdict(timing(1), timing(0.96))).toBe('same');
    expect(verdict(timing(1), timing(1.5))).toBe('slower');
    expect(verdict(timing(1.5), timing(1))).toBe('faster');
  });

  test('figures that scatter have a wider band, and never one without end', () => {
    expect(verdict(timing(1, 0.3), timing(1.4, 0.1))).toBe('same');
    expect(verdict(timing(1, 9), timing(1.6, 9))).toBe('slower');
    expect(verdict({ ...timing(1), samples: 2 }, timing(1.2))).toBe('same');
    expect(verdict(timing(1), timing(1.2))).toBe('slower');
  });

  test('a peer that became slower is no regression; a backend that lost its figure is one', () => {
    const before = result({ a: timing(1), b: timing(1), peer: timing(1) });
    const after = result({ a: timing(1), b: '3 elements differ', peer: timing(3), c: timing(1) });
    const comparison = compareResults(before, after);
    expect(regressions(comparison, after)).toEqual(['t']);
    expect(comparison.lost).toEqual([{ task: 't', contestant: 'b', reason: 'wrong: 3 elements differ' }]);
    expect(comparison.gained).toEqual([{ task: 't', contestant: 'c' }]);
    const peerAlone = result({ a: timing(1), peer: timing(3) });
    expect(regressions(compareResults(before, peerAlone), peerAlone)).toEqual([]);
    expect(comparisonText(comparison)).toMatch(/^slower {2}t {2}peer \(a peer\)/m);
  });

  test('results of two machines, and results without a common cell, are not compared', () => {
    for (const [before, after] of [
      [result({ a: timing(1) }), result({ a: timing(1) }, 'another CPU')],
      [result({ a: timing(1) }), result({ b: timing(1) })],
    ] as const) {
      let thrown: unknown;
      try {
        compareResults(before, after);
      } catch (error) {
        thrown = error;
      }
      expect(isHalftoneError(thrown, 'HT_INVALID_ARGUMENT')).toBe(true);
    }
  });

  test('timing again keeps the better of both figures, of the cells that were timed again', () => {
    const first = result({ a: timing(2), b: timing(1), c: 'wrong' });
    const second = result({ a: timing(1), b: timing(3), c: timing(1) });
    const merged = withRetimed(first, second);
    expect(merged.cells).toEqual([second.cells[0], first.cells[1], first.cells[2]]);
    expect(withRetimed(first, result({})).cells).toEqual(first.cells);
    const wrong = result({ a: 'wrong the second time' });
    expect(withRetimed(first, wrong).cells[0]).toEqual(wrong.cells[0]);
  });
});

describe('a kernel that was slowed', () => {
  const bench = async (ms: number): Promise<BenchResult> =>
    await runBench({
      contestants: [contestant(tableBackend('table', { ms }))],
      cases: [smallCase],
      quick: true,
    });

  // Neighbours on the machine may take a core for as long as one of these runs.
  test('is found, and one that was not changed is not', { retry: 3 }, async () => {
    const before = await bench(0.5);
    const [unchanged, slowed] = [await bench(0.5), await bench(1)];
    expect(regressions(compareResults(before, unchanged), unchanged)).toEqual([]);
    expect(regressions(compareResults(before, slowed), slowed)).toEqual([smallCase.id]);
  });
});
