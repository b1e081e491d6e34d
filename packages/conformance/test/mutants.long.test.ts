import { describe, expect, test } from 'vitest';
import { mutants } from './mutants/index.ts';
import { judge } from './mutants/judge.ts';

describe('the whole suite', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('kills %s', async (_, mutant) => {
    const { verdict, killers } = await judge(mutant, 'all');
    expect(verdict).toBe('failed');
    expect(killers).not.toEqual([]);
  });
});
