import { type ExplainedFailure, runSuite } from '../../src/index.ts';
import type { Mutant } from './mutate.ts';

/** What the suite says of a mutant. */
export interface Judgement {
  readonly mutant: Mutant;
  readonly verdict: string;
  /** Cases and laws (`law/counters`) that failed, of those that the mutant breaks. */
  readonly killers: readonly string[];
  /** Those that failed and are not among them. */
  readonly others: readonly string[];
  readonly failures: readonly ExplainedFailure[];
}

/** Cases that laws are shown with. */
const EXAMPLES =
  '((quantize|dequantize|requantize|lut256|qadd|unary)/n-|q?gemm/m-|q?conv2d/plain|q?maxpool/plain)';

/** Runs the suite on a mutant until something fails: all of it, or what the mutant breaks (of laws, all that do). */
export async function judge(mutant: Mutant, extent: 'all' | 'named'): Promise<Judgement> {
  const lawful = mutant.ops.some((name) => name.startsWith('law/'));
  const names = mutant.ops.map((name) => (name.startsWith('law/') ? `${name}$` : `${name}/`));
  const grep = new RegExp(`^(${[...names, ...(lawful ? [EXAMPLES] : [])].join('|')})`);
  const options = extent === 'all' ? { bail: true } : { grep, bail: !lawful };
  const report = await runSuite(mutant.provider, options);
  const [variant] = report.variants;
  const failed = [
    ...variant!.failures.map((failure) => failure.case),
    ...Object.entries(variant!.laws).flatMap(([name, { passed }]) => (passed ? [] : [`law/${name}`])),
  ];
  const belongs = (name: string): boolean =>
    mutant.ops.some((op) => name === op || name.startsWith(`${op}/`));
  return {
    mutant,
    verdict: report.verdict,
    killers: failed.filter(belongs),
    others: failed.filter((name) => !belongs(name)),
    failures: variant!.failures,
  };
}
