import { expect, it } from 'vitest';
import { fuzz, victims } from './fuzz-support.ts';

it('1,000 damaged model files: each is read or refused with a typed error, in bounded time', async () => {
  const outcome = await fuzz(await victims(), 1000, 2026);
  console.log(outcome);
  expect(outcome.refused).toBeGreaterThan(100);
  expect(outcome.parsed).toBeGreaterThan(100);
  expect(outcome.slowest).toBeLessThan(10_000);
}, 120_000);
