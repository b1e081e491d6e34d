import { describe, expect, test } from 'vitest';
import { arithmeticMutants } from './mutants/index.ts';
import { killTests } from './mutants/kill.ts';

const found = killTests(arithmeticMutants);

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
