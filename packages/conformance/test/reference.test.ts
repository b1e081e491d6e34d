import reference from '@halftone/backend-reference';
import { opNames } from '@halftone/core';
import { expect, test } from 'vitest';
import { laws, runSuite } from '../src/index.ts';

test('the reference is complete: every case of every op, and every law', async () => {
  const report = await runSuite(reference);
  const [variant] = report.variants;
  expect(variant!.failures).toEqual([]);
  expect(Object.values(variant!.laws).filter(({ passed }) => !passed)).toEqual([]);
  expect(report.verdict).toBe('complete');
  expect(Object.keys(variant!.ops)).toEqual(opNames);
  expect(Object.keys(variant!.laws)).toEqual(laws.map(({ name }) => name));
  expect(report.cases).toBeGreaterThan(2000);
  for (const op of Object.values(variant!.ops))
    expect(op).toMatchObject({ status: 'own', failed: 0, skipped: {} });
});
