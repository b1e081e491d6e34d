import { afterAll, describe, expect, test } from 'vitest';
import { runSuite } from '../src/index.ts';
import { arena } from './mutants/arena.ts';
import { mutants } from './mutants/index.ts';
import { mutateDriver } from './mutants/mutate.ts';

/** Names of the cases and laws that failed. */
async function failedIn(provider: Parameters<typeof runSuite>[0], grep?: RegExp): Promise<string[]> {
  const { variants } = await runSuite(provider, { grep });
  const [variant] = variants;
  return [
    ...variant!.failures.map((failure) => failure.case),
    ...Object.entries(variant!.laws).flatMap(([name, { passed }]) => (passed ? [] : [`law/${name}`])),
  ];
}

/** Which case or law found each mutant first. */
const found: string[] = [];
afterAll(() => {
  console.log(found.join('\n'));
});

describe('what mutants are made of is right', () => {
  test('the wrapped reference', async () => {
    expect(await failedIn(mutateDriver(() => ({})))).toEqual([]);
  });

  test('the arena', async () => {
    expect(await failedIn(arena())).toEqual([]);
  });
});

test('names are their own, and there are many', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThan(60);
});

describe('every mutant is found', () => {
  test.each(mutants)('$name: $bug', async ({ name, breaks, provider }) => {
    const grep = new RegExp(`^(${breaks.join('|')})(/|$)`);
    const failed = await failedIn(provider, grep);
    expect(failed.length).toBeGreaterThan(0);
    found.push(`${name.padEnd(38)} ${failed[0]}`);
    const owners = failed.map((each) => (each.startsWith('law/') ? each : each.split('/')[0]));
    expect(breaks).toEqual(expect.arrayContaining(owners));
  });
});
