import { describe, expect, test } from 'vitest';
import { type Subject, timeInterleaved } from '../src/index.ts';
import { spin } from './support.ts';

const settings = { rounds: 4, budgetMs: 40, sampleMs: 1 };

function subject(name: string, ms: number, log: string[] = []): Subject {
  return {
    async run(times) {
      log.push(name);
      for (let i = 0; i < times; i++) spin(ms);
    },
  };
}

describe('timeInterleaved', () => {
  test('times what a run takes, in the order of the subjects', async () => {
    const timings = await timeInterleaved([subject('a', 0.2), subject('b', 2)], settings);
    expect(timings[0]!.min).toBeGreaterThanOrEqual(0.2);
    expect(timings[1]!.min).toBeGreaterThanOrEqual(2);
    expect(timings[0]!.median).toBeLessThan(timings[1]!.median);
    for (const { min, median, p90, spread, turns, samples } of timings) {
      expect(min).toBeLessThanOrEqual(median);
      expect(median).toBeLessThanOrEqual(p90);
      expect(spread).toBeGreaterThanOrEqual(0);
      expect(samples).toBeGreaterThanOrEqual(turns.length);
    }
  });

  test('short runs are timed in batches that the clock sees', async () => {
    const [timing] = await timeInterleaved([subject('short', 0.001)], settings);
    expect(timing!.batch).toBeGreaterThan(10);
    const [long] = await timeInterleaved([subject('long', 3)], settings);
    expect(long!.batch).toBe(1);
  });

  test('every subject has its turn before anyone has the next, and another one begins each time', async () => {
    const log: string[] = [];
    await timeInterleaved(
      ['a', 'b', 'c'].map((name) => subject(name, 1.5, log)),
      settings,
    );
    const turns = log.filter((name, i) => name !== log[i - 1]).join('');
    // Warming up, then abc, bca, cab, abc.
    expect(turns).toBe('abcabcbcacababc');
  });

  test('what takes longer than the budget has fewer turns, and never none', async () => {
    const [slow, slower] = await timeInterleaved([subject('slow', 30), subject('slower', 250)], {
      rounds: 6,
      budgetMs: 40,
      sampleMs: 1,
    });
    expect(slow!.turns.length).toBeLessThanOrEqual(2);
    expect(slower!.turns.length).toBe(1);
  });

  test('an interruption ends it between turns', async () => {
    const controller = new AbortController();
    const stopping: Subject = {
      async run() {
        spin(1);
        controller.abort(new Error('stop'));
      },
    };
    await expect(timeInterleaved([stopping, stopping], settings, controller.signal)).rejects.toThrow('stop');
  });

  test('what a subject throws comes through', async () => {
    const failing: Subject = { run: () => Promise.reject(new RangeError('no')) };
    await expect(timeInterleaved([failing], settings)).rejects.toThrow(RangeError);
  });
});
