import { describe, expect, test } from 'vitest';
import { mutants } from './mutants/index.ts';
import { judge } from './mutants/judge.ts';

describe('the whole suite', () => {
  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('kills %s', async (_, mutant) => {
    const { verdict, killers, others } = await judge(mutant, 'all');
    expect(verdict).toBe('failed');
    // What breaks a law may break another one before it, and what breaks an op breaks no op before it.
    const broken = mutant.ops.some((name) => name.startsWith('law/')) ? [...killers, ...others] : killers;
    expect(broken).not.toEqual([]);
  });
});
