import { expect, it } from 'vitest';
import { fuzz, victims } from './fuzz-support.ts';

it('10,000 damaged model files: each is read or refused with a typed error, in bounded time', async () => {
  const outcome = await fuzz(await victims(), 10_000, 4711);
  console.log(outcome);
  expect(outcome.refused + outcome.parsed).toBeGreaterThanOrEqual(10_000);
  expect(outcome.slowest).toBeLessThan(10_000);
}, 900_000);
