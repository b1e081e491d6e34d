import { catalogue, type OpDefinition, opNames, sizeOf } from '@halftone/core';
import { describe, expect, test } from 'vitest';
import { allCases, casesOf, operandsOf, resultsOf } from '../src/index.ts';

describe.each(opNames)('cases of %s', (op) => {
  const cases = casesOf(op);

  test('have names of their own, and describe computations', () => {
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    for (const { id, spec } of cases) {
      expect(id.startsWith(`${op}/`)).toBe(true);
      (catalogue[op] as OpDefinition<object>).check(spec);
    }
  });

  test('include results without elements, and one of many', () => {
    const sizes = cases.flatMap((item) => Object.values(resultsOf(item)).map(({ shape }) => sizeOf(shape)));
    expect(Math.max(...sizes)).toBeGreaterThan(16);
    if (op !== 'argExtreme' || sizes.includes(0)) expect(Math.min(...sizes)).toBe(0);
  });
});

test('operands follow from the name alone', () => {
  for (const item of casesOf('qgemm').slice(0, 50)) expect(operandsOf(item)).toEqual(operandsOf({ ...item }));
  const [first] = casesOf('qgemm');
  expect(operandsOf(first!)).not.toEqual(operandsOf({ ...first!, id: 'another' }));
});

test('there are at least 2,000', () => {
  expect([...allCases()].length).toBeGreaterThan(2000);
});
