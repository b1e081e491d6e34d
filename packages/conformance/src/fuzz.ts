// New cases out of those of the catalogue: other extents, other parameters, other elements.
import { catalogue, isHalftoneError, type OpDefinition, type OpName } from '@halftone/core';
import type { Case, Recipe } from './case.ts';
import { casesOf } from './cases/index.ts';
import { operandsOf, resultsOf } from './operands.ts';
import { Random } from './random.ts';

/** Elements that a drawn case may have: many short cases find more than few long ones. */
const MOST_ELEMENTS = 20_000;

const extents: readonly number[] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 63, 64, 65, 100, 129,
];

/** Keys whose numbers are no extents and stay as they are. */
const fixed = new Set([
  'axis',
  'axes',
  'perm',
  'clamp',
  'epsilon',
  'alpha',
  'beta',
  'scale',
  'crop',
  'cubic',
  'extrapolation',
  'starts',
  'steps',
]);

/** Keys whose numbers stay small: each multiplies the work. */
const small = new Set([
  'batch',
  'kernel',
  'strides',
  'pads',
  'dilations',
  'outputPadding',
  'groups',
  'block',
  'before',
  'after',
]);

/**
 * Draws `count` cases of the given ops. The i-th follows from the seed and i alone, and so do its operands: its name,
 * `<op>/fuzz-<seed>-<i>`, repeats it.
 */
export function* drawCases(count: number, seed: number, ops: readonly OpName[]): Generator<Case> {
  const bases = ops.map((op) => casesOf(op) as readonly Case[]);
  for (let i = 0; i < count; i++) {
    const random = new Random(`${seed} ${i}`);
    const base = random.pick(random.pick(bases));
    for (let attempt = 0; attempt < 100; attempt++) {
      const drawn = drawOne(base, random, `${base.op}/fuzz-${seed}-${i}`);
      if (drawn === undefined) continue;
      yield drawn;
      break;
    }
  }
}

function drawOne(base: Case, random: Random, id: string): Case | undefined {
  const spec = change(base.spec, random, '') as Case['spec'];
  if (!isValid(base.op, spec)) return undefined;
  // Results that the base states are not those of another spec.
  const { expected: _expected, origin: _origin, ...rest } = base;
  const inputs = Object.fromEntries(
    Object.entries(base.inputs).map(([name, recipe]) => [name, changeRecipe(recipe, random)]),
  );
  const drawn: Case = {
    ...rest,
    id,
    spec,
    inputs,
    tags: [...base.tags.filter((tag) => tag === 'form'), 'fuzz'],
  };
  return elementsIn(drawn) <= MOST_ELEMENTS ? drawn : undefined;
}

/** True for a spec that describes a computation. */
export function isValid(op: OpName, spec: object): boolean {
  try {
    (catalogue[op] as OpDefinition<object>).check(spec);
    return true;
  } catch (error) {
    if (isHalftoneError(error)) return false;
    throw error;
  }
}

/** Elements of all operands and results of a case. */
export function elementsIn(item: Case): number {
  const descs = [
    ...Object.values((catalogue[item.op] as OpDefinition<Case['spec']>).inputs(item.spec)),
    ...Object.values(resultsOf(item)),
  ];
  return descs.reduce((sum, { shape }) => sum + shape.reduce((product, extent) => product * extent, 1), 0);
}

/** A copy of a spec with some of its numbers and truths changed. */
function change(value: unknown, random: Random, key: string): unknown {
  if (fixed.has(key)) return value;
  if (typeof value === 'number') {
    if (!random.once(3)) return value;
    return small.has(key) ? random.integer(0, 4) : random.pick(extents);
  }
  if (typeof value === 'boolean') return random.once(3) ? !value : value;
  if (Array.isArray(value)) return value.map((element) => change(element, random, key));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, change(inner, random, name)]),
    );
  return value;
}

/** Elements stay in the range that the base chose: an index stays an index. */
function changeRecipe(recipe: Recipe, random: Random): Recipe {
  if ('data' in recipe || recipe.fill !== 'uniform' || !random.once(4)) return recipe;
  return recipe.lo === undefined ? { fill: 'extremes' } : recipe;
}

/** True where the operands of a drawn case can be made and the oracle takes them: indices may lie outside. */
export async function isComputable(item: Case, compute: (item: Case) => Promise<unknown>): Promise<boolean> {
  try {
    operandsOf(item);
    await compute(item);
    return true;
  } catch (error) {
    if (isHalftoneError(error)) return false;
    throw error;
  }
}
