import { afterAll, describe, expect, test } from 'vitest';
import { runSuite } from '../src/index.ts';
import { arena } from './mutants/arena.ts';
import { blockGemmOf } from './mutants/blocks.ts';
import { withDriver } from './mutants/drivers.ts';
import { ascending, conv2dOf, gemmOf } from './mutants/floats.ts';
import { mutants } from './mutants/index.ts';
import { judge, type Judgement } from './mutants/judge.ts';
import { packed } from './mutants/memory.ts';
import { withOps } from './mutants/mutate.ts';
import { exactDot, summing } from './mutants/products.ts';
import { exactOrder, exactSigns, multiplying, searching } from './mutants/search.ts';
import { finishing, quantizeCode, quantizing, requantizeCode, requantizing } from './mutants/rounding.ts';
import { regional } from './mutants/regions.ts';
import { queued } from './mutants/timeline.ts';

const found: Judgement[] = [];

describe('a backend without a bug passes', () => {
  test.each([
    ['with the reference ops in host memory', withOps()],
    ['with its memory in one block', arena()],
    ['with a queue', withDriver(queued())],
    ['with compiled regions', withDriver(regional())],
    ['with packed weights', withDriver((driver) => packed(driver, () => ({})))],
    [
      'with the kernels that mutants are made of',
      withOps({
        quantize: quantizing(quantizeCode),
        requantize: requantizing(requantizeCode),
        qgemm: summing(exactDot),
        bgemm: multiplying(exactSigns),
        topK: searching(exactOrder),
        qconv2d: finishing('qconv2d', requantizeCode),
        blockGemm: blockGemmOf,
        gemm: gemmOf(ascending),
        conv2d: conv2dOf(ascending),
      }),
    ],
  ])('%s', async (_, provider) => {
    const { verdict, variants } = await runSuite(provider);
    expect(variants[0]!.failures).toEqual([]);
    expect(Object.entries(variants[0]!.laws).filter(([, { passed }]) => !passed)).toEqual([]);
    expect(verdict).toBe('complete');
  });
});

describe('mutants', () => {
  test('have names of their own, and there are many', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.length).toBeGreaterThan(30);
  });

  test.each(mutants.map((mutant) => [mutant.name, mutant] as const))('%s is killed', async (_, mutant) => {
    const judgement = await judge(mutant);
    found.push(judgement);
    expect(judgement.verdict).toBe('failed');
    expect(judgement.killers).not.toEqual([]);
  });
});

describe('what a failure looks like', () => {
  test.each([
    'quantize: rounds half-up',
    'requantize: rounds floor',
    'qgemm: saturates pair sums',
    'qgemm: sums in float32',
    'qgemm: forgets the zero point of B',
    'qgemm: reads B as the other sign',
    'qconv2d: forgets the depthwise tail after 4',
    'qconv2d: pads with 0',
    'bgemm: counts what is behind a row',
    'bgemm: counts in bytes',
    'topK: takes the last of equals',
    'gemm: contracts',
    'gemm: flushes subnormals',
    'gemm: sums blocks in reverse',
    'softmax: has an exponential off by one ulp',
    'maxpool: loses NaN',
    'unary: loses the sign of 0',
  ])('is said of %s', (name) => {
    const judgement = found.find(({ mutant }) => mutant.name === name);
    expect(judgement!.failures[0]!.looksLike).toBeDefined();
  });

  test('is not one thing for everything', () => {
    const causes = new Set(found.map(({ failures }) => failures[0]?.looksLike));
    expect(causes.size).toBeGreaterThan(10);
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
