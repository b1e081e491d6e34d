// A failing case becomes the smallest one that still fails.
import type { Case, Recipe } from './case.ts';
import { elementsIn, isValid } from './fuzz.ts';

/** Attempts before the smallest that was found is taken as it is. */
const MOST_ATTEMPTS = 600;

/**
 * Makes numbers of the spec smaller and operands plainer, one at a time, as long as `fails` stays true.
 * The case keeps its name, and so the random numbers of operands that stay random.
 */
export async function shrink(item: Case, fails: (candidate: Case) => Promise<boolean>): Promise<Case> {
  let smallest = item;
  let attempts = 0;
  for (let progress = true; progress && attempts < MOST_ATTEMPTS; ) {
    progress = false;
    for (const candidate of candidates(smallest)) {
      if (++attempts > MOST_ATTEMPTS) break;
      if (!isValid(candidate.op, candidate.spec) || !(await fails(candidate))) continue;
      smallest = candidate;
      progress = true;
      break;
    }
  }
  return smallest;
}

/** Cases a little smaller than one, the boldest first. */
function* candidates(item: Case): Generator<Case> {
  const size = elementsIn(item);
  for (const spec of smallerSpecs(item.spec)) {
    const candidate = { ...item, spec: spec as Case['spec'] };
    if (isValid(item.op, spec as object) && elementsIn(candidate) <= size) yield candidate;
  }
  for (const [name, recipe] of Object.entries(item.inputs)) {
    for (const plainer of plainerRecipes(recipe))
      yield { ...item, inputs: { ...item.inputs, [name]: plainer } };
  }
}

/** Copies of a value, each with one number made smaller or one part taken out. */
function* smallerSpecs(value: unknown): Generator<unknown> {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || value <= 0) return;
    for (const less of new Set([0, 1, Math.floor(value / 2), value - 1])) if (less < value) yield less;
  } else if (value === true) yield false;
  else if (Array.isArray(value)) {
    for (const [i, element] of value.entries())
      for (const smaller of smallerSpecs(element)) yield value.with(i, smaller);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value))
      for (const smaller of smallerSpecs(inner)) yield { ...value, [name]: smaller };
  }
}

function* plainerRecipes(recipe: Recipe): Generator<Recipe> {
  if ('fill' in recipe && recipe.fill === 'constant') return;
  yield { fill: 'constant', value: 0 };
  yield { fill: 'constant', value: 1 };
  if ('data' in recipe && recipe.data.length > 1) {
    yield { data: recipe.data.slice(0, Math.ceil(recipe.data.length / 2)) };
    yield { data: recipe.data.slice(0, 1) };
  }
}
