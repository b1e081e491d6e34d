import reference from '@halftone/backend-reference';
import { openBackend, opNames } from '@halftone/core';
import { afterAll, describe, expect, test } from 'vitest';
import { type Case, casesOf, operandsOf, type Oracle, oracleOf, resultsOf, runCase } from '../src/index.ts';

const backend = await openBackend(reference);
afterAll(() => backend.dispose());

const golden = opNames.flatMap((op) =>
  (casesOf(op) as readonly Case[]).filter(({ expected }) => expected !== undefined),
);

/** The oracle that the suite has, on a backend that knows nothing: only what cases state themselves gets through. */
const stated: Oracle = oracleOf({
  call: () => Promise.reject(new Error('the oracle was asked')),
} as unknown as typeof backend);

describe('results from elsewhere', () => {
  test.each(golden.map((item) => [item.id, item] as const))('%s', async (_, item) => {
    expect(await runCase(item, backend, stated)).toMatchObject({ status: 'passed' });
  });

  test('are there for every required op, and say where they come from', () => {
    const ops = new Set(golden.map(({ op }) => op));
    for (const op of ['quantize', 'dequantize', 'qgemm', 'qconv2d', 'dynamicQuantize', 'qmul'] as const)
      expect(ops.has(op)).toBe(true);
    expect(
      golden
        .filter(({ tags }) => tags.includes('golden'))
        .every(({ origin }) => origin !== undefined && /\d+\.\d+/.test(origin)),
    ).toBe(true);
    expect(golden.filter(({ origin }) => origin!.startsWith('ONNX operator test')).length).toBeGreaterThan(
      15,
    );
    expect(golden.filter(({ id }) => id.includes('golden-evaluator')).length).toBeGreaterThan(5);
  });

  test('fill their operands and results exactly', () => {
    for (const item of golden) {
      for (const [name, { data }] of Object.entries(operandsOf(item))) {
        const recipe = item.inputs[name] as { data: readonly number[] };
        expect(recipe.data.length).toBe(data.length);
      }
      for (const [name, { shape }] of Object.entries(resultsOf(item)))
        expect(item.expected![name]!.length).toBe(shape.reduce((product, extent) => product * extent, 1));
    }
  });

  test('include the numbers that texts work out by hand', () => {
    expect(golden.filter(({ tags }) => tags.includes('worked')).length).toBeGreaterThan(8);
  });

  test('keep NaN and the sign of 0', () => {
    const special = golden.find(({ id }) => id === 'quantize/golden-int8-zero--128-step-1.0')!;
    const { data } = operandsOf(special)['x']!;
    expect([data[0], Object.is(data[4], -0)]).toEqual([NaN, true]);
  });
});
