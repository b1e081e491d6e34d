import type { OpName } from '@halftone/core';
import type { Case } from '../case.ts';
import { disagreementsVectors } from '../golden/testdata/disagreements.ts';
import type { GoldenCase } from '../golden/golden-case.ts';
import { operatorTestsVectors } from '../golden/testdata/operator-tests.ts';
import { productsVectors } from '../golden/testdata/products.ts';
import { quantizeVectors } from '../golden/testdata/quantize.ts';
import { windowsVectors } from '../golden/testdata/windows.ts';

const vectors: readonly GoldenCase[] = [
  ...quantizeVectors,
  ...productsVectors,
  ...windowsVectors,
  ...disagreementsVectors,
  ...operatorTestsVectors,
];

/** Cases of an op whose results come from elsewhere; the oracle is not asked for them. */
export function goldenCases<O extends OpName>(op: O): readonly Case<O>[] {
  return vectors
    .filter((vector) => vector.op === op)
    .map(({ name, spec, inputs, expected, origin }) => ({
      id: `${op}/golden-${name}`,
      op,
      spec: spec as Case<O>['spec'],
      inputs: Object.fromEntries(Object.entries(inputs).map(([operand, data]) => [operand, { data }])),
      expected,
      origin,
      tags: isForm(spec as FormSpec) ? ['golden', 'form'] : ['golden'],
    }));
}

interface FormSpec {
  readonly block?: number;
  readonly to?: string;
  readonly from?: string;
}

/** Codes of other widths than 8 bits, and scales of blocks, are optional forms. */
function isForm({ block, to, from }: FormSpec): boolean {
  return block !== undefined || [to, from].some((type) => type !== undefined && /4|16/.test(type));
}
