import { afterAll, describe, expect, test } from 'vitest';
import { judge, type Judgement } from './judge.ts';
import type { Mutant } from './mutate.ts';

/** Tests that the suite kills each of these, and prints what killed it; gives what it found, once the tests have run. */
export function killTests(mutants: readonly Mutant[]): readonly Judgement[] {
  const found: Judgement[] = [];
  describe('mutants', () => {
    test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s is killed', async (_, mutant) => {
      const judgement = await judge(mutant);
      found.push(judgement);
      expect(judgement.verdict).toBe('failed');
      expect(judgement.killers).not.toEqual([]);
    });
  });
  afterAll(() => {
    const width = Math.max(...found.map(({ mutant }) => mutant.name.length));
    const rows = found.map(({ mutant, killers, failures }) => {
      const cause = failures[0]?.looksLike;
      return `${mutant.name.padEnd(width)}  ${killers[0] ?? 'SURVIVES'}${cause ? `  (${cause})` : ''}`;
    });
    console.log(rows.join('\n'));
  });
  return found;
}
