import { describe, expect, test } from 'vitest';
import { runSuite } from '../src/index.ts';
import { arena } from './mutants/arena.ts';
import { blockGemmOf } from './mutants/blocks.ts';
import { withDriver } from './mutants/drivers.ts';
import { ascending, conv2dOf, gemmOf } from './mutants/floats.ts';
import { arithmeticMutants, contractMutants } from './mutants/index.ts';
import { killTests } from './mutants/kill.ts';
import { packed } from './mutants/memory.ts';
import { withOps } from './mutants/mutate.ts';
import { exactDot, summing } from './mutants/products.ts';
import { regional } from './mutants/regions.ts';
import { finishing, quantizeCode, quantizing, requantizeCode, requantizing } from './mutants/rounding.ts';
import { exactOrder, exactSigns, multiplying, searching } from './mutants/search.ts';
import { bySpec, inRows, remembering } from './mutants/shapes.ts';
import { queued } from './mutants/timeline.ts';

describe('a backend without a bug passes', () => {
  test.each([
    ['with the reference ops in host memory', withOps()],
    ['with its memory in one block', arena()],
    ['with a queue', withDriver(queued())],
    ['with its memory in rows', withDriver((driver) => inRows(driver, {}))],
    ['with its memory in the rows of who wrote last', withDriver((driver) => inRows(driver, remembering()))],
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

killTests(contractMutants);

test('rows of the spec are found by the law of shapes alone', async () => {
  const { variants } = await runSuite(bySpec.provider);
  expect(variants[0]!.failures).toEqual([]);
  const broken = Object.entries(variants[0]!.laws).filter(([, { passed }]) => !passed);
  expect(broken.map(([name]) => name)).toEqual(['reshapes']);
});

test('mutants have names of their own, and there are many', () => {
  const mutants = [...arithmeticMutants, ...contractMutants];
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.length).toBeGreaterThan(400);
});
